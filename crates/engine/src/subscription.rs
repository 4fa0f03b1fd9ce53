//! What a reader that comes is sent: nothing lost, nothing twice.

use protocol::{Document, Timestamp, cursor::Cursor};

/// What to do with a reader that comes with `cursor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// It has seen the end; 204 stops a native `EventSource`.
    Finished,
    /// It is sent the document, then what follows; after `ended`, the `end` frame at once.
    Welcome {
        /// Whether nothing will follow.
        ended: bool,
    },
}

/// Greets a reader of `document` that comes with `cursor`.
///
/// A reader that is not behind is sent the document all the same: it costs one frame, tells it that it is up to date, and
/// heals whatever went wrong before.
pub fn greet(document: &Document, cursor: Option<&Cursor>, now: Timestamp) -> Greeting {
    let ended = has_ended(document, now);
    if ended && cursor.is_some_and(|cursor| !cursor.is_behind(&document.cursor())) {
        return Greeting::Finished;
    }
    Greeting::Welcome { ended }
}

/// Whether a stream of the job ends: it is terminal, and no retry lies ahead.
pub fn has_ended(document: &Document, now: Timestamp) -> bool {
    document.status.is_terminal() && document.next_retry_at.is_none_or(|at| at <= now)
}
