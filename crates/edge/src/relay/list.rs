//! A list in a stream.

use engine::{
    frame::Kind,
    index::queue::{Capacity, ListQueue},
};
use protocol::{Problem, Timestamp, problem::Code};

use super::Relay;
use crate::{
    bytes::Bytes,
    feed::{Feed, Socket},
    response::ErrorResponse,
};

/// A list in a stream, which all shards of the index fill.
pub(super) struct List {
    pub(super) queue: ListQueue<Bytes>,
    /// The sockets that fill the queue, for as long as the reader may read the list.
    feeds: Vec<Feed>,
    /// When the reader's token expires.
    expires_at: Option<Timestamp>,
}

impl List {
    /// A list that nothing fills yet.
    fn new(queue: ListQueue<Bytes>, expires_at: Option<Timestamp>) -> List {
        List { queue, feeds: Vec::new(), expires_at }
    }

    /// Whether all shards still answer, or are not asked any more.
    pub(super) fn is_alive(&self) -> bool {
        self.queue.has_ended() || self.feeds.iter().all(Feed::is_alive)
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

impl Relay {
    /// Passes on the list that all shards send over `sockets`, from now on and until `expires_at`.
    pub(crate) fn join_list(
        &self,
        queue: ListQueue<Bytes>,
        sockets: Vec<Socket>,
        expires_at: Option<Timestamp>,
    ) -> Result<(), ErrorResponse> {
        self.0.borrow_mut().list = Some(List::new(queue, expires_at));
        for socket in sockets {
            if self.is_done() {
                // The viewer left while the sockets were opening.
                return Ok(());
            }
            let (for_frames, for_close) = (self.clone(), self.clone());
            #[cfg(not(panic = "unwind"))]
            crate::glue::end_with_instance(socket.raw(), &self.0.borrow().writer);
            // A shard that was moved or restarted ends the stream; the reader reconnects and finds it.
            let feed = Feed::open(
                socket,
                move |kind, bytes| for_frames.push_to_list(&kind, bytes),
                move || for_close.finish(),
            );
            if feed.is_err() {
                // Without a shard the list would lack the rows of that shard.
                self.finish();
            }
            let feed = feed?;
            if let Some(list) = &mut self.0.borrow_mut().list {
                list.feeds.push(feed);
            }
        }
        self.0.borrow_mut().watch_expiry();
        self.complete();
        Ok(())
    }

    fn push_to_list(&self, kind: &Kind, bytes: Bytes) {
        let capacity = self.0.borrow_mut().list.as_mut().map(|list| list.queue.push(kind, bytes));
        if capacity == Some(Capacity::Exceeded) {
            self.finish();
        }
        self.flush();
    }
}
