//! The link: what the face knows of its connection.

/// How a reader is connected at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// Nothing is heard yet, or not any more; it is being tried.
    Connecting,
    /// Every change arrives as it happens.
    Live,
    /// Changes are asked for, as something on the way holds streams back.
    Polling,
    /// The device says that it has no network.
    Offline,
}

impl Link {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Link::Connecting => "connecting",
            Link::Live => "live",
            Link::Polling => "polling",
            Link::Offline => "offline",
        }
    }
}
