//! What happens to a connection.

use crate::job::Job;

/// What has happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a> {
    /// This job is wanted, under a key that no other job of the connection has.
    Join(u32, Job),
    /// The job of that key is wanted no more.
    Leave(u32),
    /// How the job of that key stands is to be asked now.
    Refresh(u32),
    /// The head of an answer is there.
    Head(u32, ResponseHead),
    /// Bytes of an answer's body are there.
    Bytes(u32, &'a [u8]),
    /// An answer is complete.
    Closed(u32),
    /// A request failed, or its answer was cut.
    Failed(u32),
    /// The time asked for by [`Action::Timer`](super::Action::Timer) is over.
    Timer,
    /// The device says that it has a network again.
    Online,
    /// The device says that it has no network.
    Offline,
    /// The page can be seen again.
    Shown,
    /// The page is about to be frozen or put into the back/forward cache.
    Frozen,
    /// The page runs again.
    Thawed,
    /// The answer to [`Action::RenewToken`](super::Action::RenewToken) for the job of that key.
    Renewed(u32, Renewal),
}

/// What became of the wish for a new token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Here it is.
    Token(String),
    /// Not this time.
    Failed,
    /// There is nobody to ask.
    Impossible,
}

/// The head of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResponseHead {
    /// The HTTP status.
    pub status: u16,
    /// Whether the body is `text/event-stream`.
    pub is_stream: bool,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// `Date`, in milliseconds since the Unix epoch.
    pub date: Option<u64>,
}
