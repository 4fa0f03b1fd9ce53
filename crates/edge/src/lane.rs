//! A lane of a relay: what waits for the reader, the socket that fills it, and how long the reader may read.

use engine::{
    frame::Kind,
    job_queue::{Chunk, DocumentId, JobQueue},
};
use js_sys::Uint8Array;
use protocol::{Problem, Timestamp, problem::Code};

use crate::feed::{Feed, rest_after};

/// Bytes that stay in JavaScript's memory.
pub(crate) struct Bytes(pub(crate) Uint8Array);

impl Chunk for Bytes {
    fn from_bytes(bytes: &[u8]) -> Bytes {
        Bytes(Uint8Array::from(bytes))
    }

    fn size(&self) -> usize {
        usize::try_from(self.0.length()).unwrap_or(usize::MAX)
    }

    fn rest_after(&self, skip: usize) -> Bytes {
        Bytes(rest_after(&self.0, skip))
    }
}

/// One job's part of a stream.
pub(crate) struct Lane {
    waiting: JobQueue<Bytes>,
    feed: Option<Feed>,
    /// When the reader's token for this job ends.
    expires_at: Option<Timestamp>,
}

impl Lane {
    /// The lane of a job of which nothing was passed on yet.
    pub(crate) fn new(job_id: &str, document_id: DocumentId) -> Lane {
        Lane { waiting: JobQueue::new(job_id, document_id), feed: None, expires_at: None }
    }

    /// Keeps the socket that fills this lane for as long as the reader may read.
    pub(crate) fn keep(&mut self, feed: Feed, expires_at: Option<Timestamp>) {
        self.feed = Some(feed);
        self.expires_at = expires_at;
    }

    /// When the reader's token for this job ends, while that still matters.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.filter(|_| !self.has_ended())
    }

    /// Ends the lane if its token has ended; what waits for a slow reader waits for nothing then.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        if self.expires_at().is_some_and(|expires_at| expires_at <= now) {
            self.feed = None;
            let message = "The token expired; come back with a new one";
            self.waiting.terminate(&Problem::new(Code::Unauthenticated, message));
        }
    }

    /// Ends the lane with a problem.
    pub(crate) fn refuse(&mut self, problem: &Problem) {
        self.feed = None;
        self.waiting.fail(problem);
    }

    /// Whether nothing more will come.
    pub(crate) fn has_ended(&self) -> bool {
        self.waiting.has_ended()
    }

    /// Queues a frame that the object sent.
    pub(crate) fn push(&mut self, kind: &Kind, sse: Uint8Array) {
        self.waiting.push(kind, Bytes(sse));
    }

    /// Whether its end, or its problem, waits to be told.
    pub(crate) fn has_final_frame(&self) -> bool {
        self.waiting.has_final_frame()
    }

    /// Hands out what waits, in order. The last words come after it.
    pub(crate) fn drain(&mut self, mut out: impl FnMut(Uint8Array)) {
        self.waiting.drain(|piece| out(piece.0));
    }

    /// Hands out the end, or the problem, if it waits, under `end_id` if it is the last of a stream of many jobs.
    pub(crate) fn drain_final_frame(&mut self, end_id: Option<&str>, mut out: impl FnMut(Uint8Array)) {
        self.waiting.drain_final_frame(end_id, |piece| out(piece.0));
    }
}
