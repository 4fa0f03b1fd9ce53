//! What a connection wants done.

use protocol::cursor::Cursor;

use crate::{link::Link, problem::Problem};

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action<J> {
    /// Send this request, in place of any before it.
    Open(Request),
    /// Give up the request that is out.
    Abort,
    /// Tell [`Input::Timer`](super::Input::Timer) after that many milliseconds, in place of any timer before it.
    Timer(u64),
    /// Get a new token and tell [`Input::Renewed`](super::Input::Renewed).
    RenewToken,
    /// The link has changed.
    Link(Link),
    /// A document that is newer than all before it.
    Document(J),
    /// A refusal; after a fatal one nothing more comes.
    Problem(Problem<J>),
    /// The server's clock is that many milliseconds ahead of this device's.
    Skew(i64),
    /// The job has ended; nothing more comes.
    End,
}

/// A GET request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What its [`Input`](super::Input)s are to name; those of any other request are ignored.
    pub id: u32,
    /// Where to.
    pub url: String,
    /// Whether a stream is wanted: `Accept: text/event-stream`.
    pub is_stream: bool,
    /// What goes behind `Authorization: Bearer `.
    pub token: Option<String>,
    /// What goes behind `Last-Event-ID: `.
    pub cursor: Option<Cursor>,
}
