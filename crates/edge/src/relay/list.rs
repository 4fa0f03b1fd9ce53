//! A list in a stream.

use engine::index::queue::ListQueue;
use protocol::{Problem, Timestamp, problem::Code};

use crate::{bytes::Bytes, feed::Feed};

/// A list in a stream, which all shards of the index fill.
pub(super) struct List {
    pub(super) queue: ListQueue<Bytes>,
    /// The sockets that fill the queue, for as long as the reader may read the list.
    pub(super) feeds: Vec<Feed>,
    /// When the reader's token expires.
    expires_at: Option<Timestamp>,
}

impl List {
    /// A list that nothing fills yet.
    pub(super) fn new(queue: ListQueue<Bytes>, expires_at: Option<Timestamp>) -> List {
        List { queue, feeds: Vec::new(), expires_at }
    }

    /// When the reader's token expires, unless the list has ended already.
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.filter(|_| !self.queue.has_ended())
    }

    /// Ends the list if its token has expired; the frames that wait for the reader are dropped.
    pub(super) fn expire(&mut self, now: Timestamp) {
        if self.expires_at().is_some_and(|expires_at| expires_at <= now) {
            self.feeds.clear();
            self.queue.terminate(&Problem::new(Code::Unauthenticated, "The token expired; reconnect with a new one"));
        }
    }
}
