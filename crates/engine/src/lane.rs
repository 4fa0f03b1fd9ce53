//! A lane: one job's part of a stream, and what of it waits for a reader that is slower than the job.
//!
//! The newest document replaces the one before it and log lines are kept up to a bound, so that a reader who takes nothing
//! holds at most one document, [`LOG_BYTES`] of log and an end.

use protocol::{Problem, cursor::Cursor, log_line::LogPage};

use crate::frame::{self, Kind};

/// Bytes of log that may wait for a slow reader; past that, the lines are left out and the reader is told which.
pub const LOG_BYTES: usize = 256 * 1024;

/// Bytes as the edge holds them, wherever they lie; they are passed on and never looked into.
pub trait Piece: Sized {
    /// A piece of these bytes.
    fn of(bytes: &[u8]) -> Self;
    /// How many bytes it has.
    fn size(&self) -> usize;
    /// What follows the first `skip` bytes.
    #[must_use]
    fn rest_after(&self, skip: usize) -> Self;
}

/// One job's part of a stream.
///
/// ```
/// use engine::{frame::Kind, lane::{Lane, Piece}};
/// use protocol::cursor::Cursor;
///
/// #[derive(PartialEq, Debug)]
/// struct Bytes(Vec<u8>);
/// impl Piece for Bytes {
///     fn of(bytes: &[u8]) -> Bytes { Bytes(bytes.to_vec()) }
///     fn size(&self) -> usize { self.0.len() }
///     fn rest_after(&self, skip: usize) -> Bytes { Bytes(self.0[skip..].to_vec()) }
/// }
///
/// let mut lane = Lane::new("import-42");
/// for seq in [7, 8, 6] {
///     lane.take(&Kind::Document(Cursor::new("k3v9a0", seq)), Bytes(vec![seq as u8]), true);
/// }
/// let mut written = Vec::new();
/// lane.drain(|piece| written.push(piece));
/// assert_eq!(written, [Bytes(vec![8])]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lane<P> {
    job_id: String,
    /// The last state that was passed on.
    cursor: Option<Cursor>,
    document: Option<P>,
    logs: Vec<P>,
    log_bytes: usize,
    /// The lines, from first to last, that wait in `logs`.
    log_lines: Option<(u64, u64)>,
    /// The lines that were left out.
    skipped: Option<(u64, u64)>,
    last_words: Option<P>,
    ended: bool,
}

impl<P: Piece> Lane<P> {
    /// The lane of a job of which nothing was passed on yet.
    pub fn new(job_id: &str) -> Lane<P> {
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
        }
    }

    /// Ends the lane with a problem, after what waits.
    pub fn refuse(&mut self, problem: &Problem) {
        self.last_words = Some(sse_of(&frame::problem(&self.job_id, problem)));
        self.ended = true;
    }

    /// Ends the lane with a problem, in place of what waits: its reader may not have that any more.
    pub fn cut_off(&mut self, problem: &Problem) {
        self.document = None;
        self.forget_lines();
        self.skipped = None;
        self.refuse(problem);
    }

    /// Whether nothing more will come.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes what the object told; `single` says whether document frames keep their id.
    pub fn take(&mut self, kind: &Kind, sse: P, single: bool) {
        match kind {
            Kind::Document(cursor) => {
                if self.cursor.as_ref().is_some_and(|seen| !seen.is_behind(cursor)) {
                    return;
                }
                self.document = Some(if single { sse } else { sse.rest_after(frame::id_bytes(cursor)) });
                self.cursor = Some(cursor.clone());
            }
            Kind::Log(first, last) => self.take_lines(*first, *last, sse),
            Kind::End | Kind::Problem => {
                self.last_words = Some(sse);
                self.ended = true;
            }
        }
    }

    fn take_lines(&mut self, first: u64, last: u64, sse: P) {
        self.log_bytes = self.log_bytes.saturating_add(sse.size());
        let waiting_since = self.log_lines.map_or(first, |(first, _)| first);
        if self.log_bytes <= LOG_BYTES {
            self.logs.push(sse);
            self.log_lines = Some((waiting_since, last));
            return;
        }
        let skipped_since = self.skipped.map_or(waiting_since, |(first, _)| first);
        self.skipped = Some((skipped_since, last));
        self.forget_lines();
    }

    fn forget_lines(&mut self) {
        self.logs.clear();
        self.log_bytes = 0;
        self.log_lines = None;
    }

    /// Whether its end, or its problem, waits to be told.
    pub fn has_last_words(&self) -> bool {
        self.last_words.is_some()
    }

    /// Hands out what waits, in order: lines before the document that covers them. The last words come after it.
    pub fn drain(&mut self, mut out: impl FnMut(P)) {
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
        self.forget_lines();
        if let Some(document) = self.document.take() {
            out(document);
        }
    }

    /// Hands out the end, or the problem, if it waits. `end_id` is the id that the last frame of a stream of many jobs
    /// bears.
    pub fn drain_last_words(&mut self, end_id: Option<&str>, mut out: impl FnMut(P)) {
        if let Some(last_words) = self.last_words.take() {
            if let Some(id) = end_id {
                out(P::of(format!("id: {id}\n").as_bytes()));
            }
            out(last_words);
        }
    }
}

/// The SSE of a frame of our own.
fn sse_of<P: Piece>(bytes: &[u8]) -> P {
    let head = Kind::read(bytes).map_or(0, |(_, head)| head);
    P::of(bytes.get(head..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Piece for Vec<u8> {
        fn of(bytes: &[u8]) -> Vec<u8> {
            bytes.to_vec()
        }
        fn size(&self) -> usize {
            self.len()
        }
        fn rest_after(&self, skip: usize) -> Vec<u8> {
            self[skip..].to_vec()
        }
    }

    fn lane() -> Lane<Vec<u8>> {
        Lane::new("a")
    }

    fn drained(lane: &mut Lane<Vec<u8>>) -> String {
        let mut text = Vec::new();
        lane.drain(|piece| text.extend(piece));
        lane.drain_last_words(None, |piece| text.extend(piece));
        String::from_utf8(text).unwrap()
    }

    fn document(lane: &mut Lane<Vec<u8>>, epoch: &str, seq: u64) {
        lane.take(&Kind::Document(Cursor::new(epoch, seq)), format!("{epoch}.{seq};").into_bytes(), true);
    }

    #[test]
    fn an_older_document_is_dropped_even_after_the_newer_one_was_written() {
        let mut lane = lane();
        document(&mut lane, "aaaaaa", 2);
        assert_eq!(drained(&mut lane), "aaaaaa.2;");
        document(&mut lane, "aaaaaa", 1);
        document(&mut lane, "aaaaaa", 2);
        assert_eq!(drained(&mut lane), "");
        document(&mut lane, "bbbbbb", 1);
        assert_eq!(drained(&mut lane), "bbbbbb.1;");
    }

    #[test]
    fn lines_go_before_the_document_and_the_end_comes_last() {
        let mut lane = lane();
        document(&mut lane, "aaaaaa", 2);
        lane.take(&Kind::Log(1, 1), b"line;".to_vec(), true);
        lane.take(&Kind::End, b"end;".to_vec(), true);
        assert!(lane.has_ended());
        assert_eq!(drained(&mut lane), "line;aaaaaa.2;end;");
    }

    #[test]
    fn lines_past_the_bound_are_left_out_and_named() {
        let mut lane = lane();
        for number in 1..=40 {
            lane.take(&Kind::Log(number, number), vec![b'x'; 10_000], true);
        }
        let text = drained(&mut lane);
        assert!(text.len() < LOG_BYTES);
        assert!(text.contains(r#""lines":[],"skippedFrom":1,"skippedTo":27"#));
        assert_eq!(text.matches('x').count(), 13 * 10_000);
        assert_eq!(drained(&mut lane), "");
    }

    #[test]
    fn who_is_cut_off_gets_the_problem_alone() {
        let mut lane = lane();
        document(&mut lane, "aaaaaa", 2);
        lane.take(&Kind::Log(1, 1), b"line;".to_vec(), true);
        lane.cut_off(&Problem::job_not_found("a"));
        assert!(drained(&mut lane).starts_with("event: problem\n"));
    }
}
