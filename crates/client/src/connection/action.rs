//! What a connection wants done.

use crate::{link::Link, log, problem::Problem};

/// What to do; a key says for which job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action<J> {
    /// Send this request.
    Open(Request),
    /// Give up the request of that id.
    Abort(u32),
    /// Tell [`Input::Timer`](super::Input::Timer) after that many milliseconds, in place of any timer before it.
    Timer(u64),
    /// Get a new token and tell [`Input::Renewed`](super::Input::Renewed).
    RenewToken(u32),
    /// The server's clock is that many milliseconds ahead of this device's.
    Skew(i64),
    /// The link has changed.
    Link(u32, Link),
    /// A document that is newer than all before it.
    Document(u32, J),
    /// Lines of the log that are new, told before the document that covers them.
    Log(u32, log::News<J>),
    /// A refusal; after a fatal one nothing more comes, unless it is asked for.
    Problem(u32, Problem<J>),
    /// The job has ended; nothing more comes, unless it is asked for.
    End(u32),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// What its [`Input`](super::Input)s are to name; those of any other request are ignored.
    pub id: u32,
    /// Where to.
    pub url: String,
    /// What goes behind `Authorization: Bearer `.
    pub token: Option<String>,
    /// What is posted, as JSON, for a stream: `Accept: text/event-stream`. Without it, a GET.
    pub body: Option<String>,
}
