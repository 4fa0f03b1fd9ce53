//! One job's part of a stream.

use engine::job_queue::{DocumentId, JobQueue};
use protocol::{Problem, Timestamp, problem::Code};

use crate::{bytes::Bytes, feed::Feed};

/// One job's part of a stream.
pub(super) struct Part {
    pub(super) queue: JobQueue<Bytes>,
    /// The socket that fills the queue, for as long as the reader may read the job.
    feed: Option<Feed>,
    /// When the reader's token for this job expires.
    expires_at: Option<Timestamp>,
}

impl Part {
    /// The part of a job, which nothing fills yet.
    pub(super) fn new(job_id: &str, document_id: DocumentId) -> Part {
        Part { queue: JobQueue::new(job_id, document_id), feed: None, expires_at: None }
    }

    /// Keeps the feed until `expires_at`.
    pub(super) fn fill(&mut self, feed: Feed, expires_at: Option<Timestamp>) {
        (self.feed, self.expires_at) = (Some(feed), expires_at);
    }

    /// Whether the object still answers, or is not asked any more.
    pub(super) fn is_alive(&self) -> bool {
        self.queue.has_ended() || self.feed.as_ref().is_none_or(Feed::is_alive)
    }

    /// When the reader's token expires, unless the part has ended already.
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.filter(|_| !self.queue.has_ended())
    }

    /// Ends the part if its token has expired; the frames that wait for the reader are dropped.
    pub(super) fn expire(&mut self, now: Timestamp) {
        if self.expires_at().is_some_and(|expires_at| expires_at <= now) {
            self.feed = None;
            let message = "The token expired; reconnect with a new one";
            self.queue.terminate(&Problem::new(Code::Unauthenticated, message));
        }
    }
}
