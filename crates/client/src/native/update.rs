//! What a reader is notified of.

use serde_json::Value;

use crate::{link::Link, log::NewLines, problem::Problem};

/// A change of one job that a reader is notified of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// The link has changed.
    Link(Link),
    /// The job was created anew under the same id; what was known of the former one is void. A document follows.
    Recreated,
    /// A newer document.
    Document(Value),
    /// The answer to a refresh if there is no newer document.
    Unchanged,
    /// New lines of the log; they precede the document that covers them.
    Log(NewLines<Value>),
    /// A problem. After a fatal one nothing follows until a refresh.
    Problem(Problem<Value>),
    /// The job has ended; nothing follows until a refresh.
    End,
}
