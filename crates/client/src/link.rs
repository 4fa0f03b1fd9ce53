//! The link: how a reader is connected to the server.

/// How a reader is connected at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// No response has arrived yet, or not any more; the client is trying.
    Connecting,
    /// A stream brings every change as it happens.
    Live,
    /// The client polls, because a proxy holds streams back.
    Polling,
    /// The device reports that it has no network.
    Offline,
}
