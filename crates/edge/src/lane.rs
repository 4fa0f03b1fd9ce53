//! A lane: one job's part of a stream, and what of it waits for a reader that is slower than the job.

use engine::frame::{self, Kind};
use js_sys::Uint8Array;
use protocol::{Problem, Timestamp, cursor::Cursor, log_line::LogPage, problem::Code};

use crate::feed::{Feed, rest_after};

/// Bytes of log that may wait for a slow reader; past that, the lines are left out and the reader is told which.
pub(crate) const LOG_BYTES: u32 = 256 * 1024;

/// One job's part of a stream.
pub(crate) struct Lane {
    job_id: String,
    /// The last state that was passed on.
    cursor: Option<Cursor>,
    document: Option<Uint8Array>,
    logs: Vec<Uint8Array>,
    log_bytes: u32,
    /// The lines, from first to last, that wait in `logs`.
    log_lines: Option<(u64, u64)>,
    /// The lines that were left out.
    skipped: Option<(u64, u64)>,
    last_words: Option<Uint8Array>,
    ended: bool,
    feed: Option<Feed>,
    /// When the reader's token for this job ends.
    expires_at: Option<Timestamp>,
}

impl Lane {
    /// The lane of a job of which nothing was passed on yet.
    pub(crate) fn new(job_id: &str) -> Lane {
        Lane {
            job_id: job_id.to_owned(),
            cursor: None,
            document: None,
            logs: Vec::new(),
            log_bytes: 0,
            log_lines: None,
            skipped: None,
            last_words: None,
            ended: false,
            feed: None,
            expires_at: None,
        }
    }

    /// Keeps the socket that fills this lane for as long as the reader may read.
    pub(crate) fn keep(&mut self, feed: Feed, expires_at: Option<Timestamp>) {
        self.feed = Some(feed);
        self.expires_at = expires_at;
    }

    /// When the reader's token for this job ends, while that still matters.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.filter(|_| !self.ended)
    }

    /// Ends the lane if its token has ended; what waits for a slow reader waits for nothing then.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        if self.expires_at().is_some_and(|expires_at| expires_at <= now) {
            self.document = None;
            self.logs.clear();
            self.skipped = None;
            self.refuse(&Problem::new(Code::Unauthenticated, "The token expired; come back with a new one"));
        }
    }

    /// Ends the lane with a problem.
    pub(crate) fn refuse(&mut self, problem: &Problem) {
        let bytes = frame::problem(&self.job_id, problem);
        self.feed = None;
        self.last_words = Some(sse_of(&bytes));
        self.ended = true;
    }

    /// Whether nothing more will come.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes what the object told; `single` says whether document frames keep their id.
    pub(crate) fn take(&mut self, kind: &Kind, sse: Uint8Array, single: bool) {
        match kind {
            Kind::Document(cursor) => {
                if self.cursor.as_ref().is_some_and(|seen| !seen.is_behind(cursor)) {
                    return;
                }
                self.document = Some(if single { sse } else { rest_after(&sse, frame::id_bytes(cursor)) });
                self.cursor = Some(cursor.clone());
            }
            Kind::Log(first, last) => self.take_lines(*first, *last, sse),
            Kind::End | Kind::Problem => {
                self.last_words = Some(sse);
                self.ended = true;
            }
        }
    }

    fn take_lines(&mut self, first: u64, last: u64, sse: Uint8Array) {
        self.log_bytes = self.log_bytes.saturating_add(sse.length());
        let waiting_since = self.log_lines.map_or(first, |(first, _)| first);
        if self.log_bytes <= LOG_BYTES {
            self.logs.push(sse);
            self.log_lines = Some((waiting_since, last));
            return;
        }
        let skipped_since = self.skipped.map_or(waiting_since, |(first, _)| first);
        self.skipped = Some((skipped_since, last));
        self.logs.clear();
        self.log_bytes = 0;
        self.log_lines = None;
    }

    /// Whether its end, or its problem, waits to be told.
    pub(crate) fn has_last_words(&self) -> bool {
        self.last_words.is_some()
    }

    /// Hands out what waits, in order: lines before the document that covers them. The last words come after it.
    pub(crate) fn drain(&mut self, mut out: impl FnMut(Uint8Array)) {
        if let Some((from, to)) = self.skipped.take() {
            let page = LogPage {
                job_id: self.job_id.clone(),
                lines: Vec::new(),
                skipped_from: Some(from),
                skipped_to: Some(to),
            };
            out(sse_of(&frame::log(&page)));
        }
        self.logs.drain(..).for_each(&mut out);
        self.log_bytes = 0;
        self.log_lines = None;
        if let Some(document) = self.document.take() {
            out(document);
        }
    }

    /// Hands out the end, or the problem, if it waits. `end_id` is the id that the last frame of a stream of many jobs bears.
    pub(crate) fn drain_last_words(&mut self, end_id: Option<&str>, mut out: impl FnMut(Uint8Array)) {
        if let Some(last_words) = self.last_words.take() {
            if let Some(id) = end_id {
                out(Uint8Array::from(format!("id: {id}\n").as_bytes()));
            }
            out(last_words);
        }
    }
}

/// The SSE of a frame of our own.
fn sse_of(bytes: &[u8]) -> Uint8Array {
    let head = Kind::read(bytes).map_or(0, |(_, head)| head);
    rest_after(&Uint8Array::from(bytes), head)
}
