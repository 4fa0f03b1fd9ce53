//! What happens to a connection: its inputs.

use super::id::{JobKey, RequestId};
use crate::subscription::Subscription;

/// An event that the driver passes to a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a> {
    /// The reader wants to follow this job, under a key that no other job of the connection has.
    Join(JobKey, Subscription),
    /// The reader no longer wants to follow the job.
    Leave(JobKey),
    /// The reader wants the job's current document now.
    Refresh(JobKey),
    /// The page has replaced the job's token. Open requests stay; the new token is for the next ones.
    Token(JobKey, String),
    /// The head of a response has arrived.
    Head(RequestId, ResponseHead),
    /// Bytes of a response's body have arrived.
    Bytes(RequestId, &'a [u8]),
    /// A response is complete.
    Closed(RequestId),
    /// A request failed, or its response was cut.
    Failed(RequestId),
    /// The time of the last [`Action::Timer`](super::Action::Timer) has passed.
    Timer,
    /// The device reports that it has a network again.
    Online,
    /// The device reports that it has no network.
    Offline,
    /// The page has become visible.
    Shown,
    /// The page is about to be frozen or put into the back/forward cache.
    Frozen,
    /// The page runs again.
    Thawed,
    /// The result of [`Action::RenewToken`](super::Action::RenewToken) for the job.
    Renewed(JobKey, Renewal),
}

/// The result of a token renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The new token.
    Token(String),
    /// The token provider failed; it may succeed later.
    Failed,
    /// The page has no token provider.
    Impossible,
}

/// The head of a response.
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
