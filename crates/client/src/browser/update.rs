//! What a subscriber gets, and what it is asked for.

use std::{fmt, rc::Rc};

use js_sys::Promise;

use super::value::Value;
use crate::{link::Link, problem::Problem};

/// A change that a subscriber is notified of.
#[derive(Clone, Debug)]
pub enum Update {
    /// The link has changed.
    Link(Link),
    /// The server's clock is that many milliseconds ahead of [`monotonic`](super::monotonic).
    ClockOffset(i64),
    /// New lines of the log, oldest first; they precede the document that covers them.
    Log {
        /// `{number, at, level?, message}` each.
        lines: Vec<Value>,
        /// The first and the last number of the lines that are missing before these; `GET …/logs` returns them.
        skipped: Option<(u64, u64)>,
    },
    /// The job was created anew under the same id; what was known of the former one is void. A document follows.
    Recreated,
    /// A newer document.
    Document(Value),
    /// The answer to a refresh if there is no newer document.
    Unchanged,
    /// A problem.
    Problem(Problem<Value>),
    /// The job has ended; nothing follows until somebody refreshes it.
    End,
}

/// What the driver of a connection knows of a job's subscribers: not their subscription, which owns the driver.
pub(super) trait Listener {
    /// Notifies the subscribers.
    fn on_update(&self, update: Update);

    /// The promise of a new token, if a subscriber can get one.
    fn renew_token(&self) -> Option<Promise>;
}

/// One subscriber of a job.
#[derive(Clone)]
pub struct Subscriber {
    /// Called with every update.
    pub on_update: Rc<dyn Fn(Update)>,
    /// Called for a new token: it returns the promise of a string, or nothing if the subscriber cannot get one.
    pub renew_token: Rc<dyn Fn() -> Option<Promise>>,
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber").finish_non_exhaustive()
    }
}
