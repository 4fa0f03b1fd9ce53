//! The queue of one job in a stream: the frames that wait until a slow reader has read the ones before them.
//!
//! A newer document replaces the waiting one and log lines are kept up to a bound, so that a reader that reads nothing
//! costs at most one document, [`LOG_BYTES`] of log and one final frame for each job, and [`STREAM_LOG_BYTES`] of log for
//! all jobs of the stream.

use protocol::{Problem, cursor::Cursor, limits::STREAM_LOG_BYTES, log_line::LogPage};

use crate::{
    chunk::Chunk,
    frame::{self, Kind, LogHead},
};

/// Bytes of log that may wait for a slow reader. Beyond that the waiting lines are dropped and the reader is sent their
/// numbers instead.
pub const LOG_BYTES: usize = 256 * 1024;

/// Whether the document frames of a stream keep their `id` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentId {
    /// A stream of one job: the id is the job's cursor.
    Keep,
    /// A stream of many jobs, in which the cursor of one of them says nothing about the others.
    Strip,
}

/// The frames of one job that wait for the reader of a stream.
///
/// ```
/// use engine::{frame::Kind, job_queue::{DocumentId, JobQueue}};
/// use protocol::cursor::Cursor;
///
/// let mut queue = JobQueue::new("import-42", DocumentId::Keep);
/// for seq in [7, 8, 6] {
///     queue.push(&Kind::Document(Cursor::new("k3v9a0", seq)), vec![seq as u8]);
/// }
/// let mut written = Vec::new();
/// queue.drain(|chunk| written.push(chunk));
/// assert_eq!(written, [[8]]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobQueue<C> {
    job_id: String,
    document_id: DocumentId,
    /// The epoch of the newest frame that was pushed; empty if it is not known.
    epoch: String,
    /// The cursor of the newest document that was pushed.
    cursor: Option<Cursor>,
    document: Option<C>,
    logs: Vec<C>,
    log_bytes: usize,
    /// The first and the last line that wait in `logs`.
    log_lines: Option<(u64, u64)>,
    /// The first and the last line that were dropped.
    skipped: Option<(u64, u64)>,
    final_frame: Option<C>,
    ended: bool,
}

impl<C: Chunk> JobQueue<C> {
    /// An empty queue for a job.
    pub fn new(job_id: &str, document_id: DocumentId) -> JobQueue<C> {
        JobQueue {
            job_id: job_id.to_owned(),
            document_id,
            epoch: String::new(),
            cursor: None,
            document: None,
            logs: Vec::new(),
            log_bytes: 0,
            log_lines: None,
            skipped: None,
            final_frame: None,
            ended: false,
        }
    }

    /// Ends the queue with a problem frame, which follows the frames that wait.
    pub fn fail(&mut self, problem: &Problem) {
        self.final_frame = Some(sse_of(&frame::problem(&self.job_id, problem)));
        self.ended = true;
    }

    /// Ends the queue with a problem frame, which replaces the frames that wait: the reader may no longer read them.
    pub fn terminate(&mut self, problem: &Problem) {
        self.document = None;
        self.clear_lines();
        self.skipped = None;
        self.fail(problem);
    }

    /// Whether nothing follows, unless the job is retried or replaced.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Queues a frame that the object sent: its kind, and its bytes without the head. A document that is not newer than
    /// the last one is dropped.
    pub fn push(&mut self, kind: &Kind, sse: C) {
        match kind {
            Kind::Document(cursor) => {
                if self.cursor.as_ref().is_some_and(|seen| !seen.is_behind(cursor)) {
                    return;
                }
                self.enter_epoch(cursor.epoch());
                self.document = Some(match self.document_id {
                    DocumentId::Keep => sse,
                    DocumentId::Strip => sse.rest_after(frame::id_bytes(cursor)),
                });
                self.cursor = Some(cursor.clone());
                // A job that has ended changes only by a retry, or if it is replaced.
                self.ended = false;
                self.final_frame = None;
            }
            Kind::Log(LogHead { first, last, epoch }) => {
                self.enter_epoch(epoch);
                self.push_lines(*first, *last, sse);
            }
            // No stream subscribes to these.
            Kind::Control(_) | Kind::Page | Kind::Row(_) => {}
            Kind::End | Kind::Problem => {
                self.final_frame = Some(sse);
                self.ended = true;
            }
        }
    }

    /// Drops what waits if it is of another epoch: of a job that was replaced. The reader could not distinguish the lines of
    /// the two jobs.
    fn enter_epoch(&mut self, epoch: &str) {
        if self.epoch == epoch || epoch.is_empty() {
            return;
        }
        if !self.epoch.is_empty() {
            self.document = None;
            self.skipped = None;
            self.clear_lines();
        }
        self.epoch = epoch.to_owned();
    }

    fn push_lines(&mut self, first: u64, last: u64, sse: C) {
        self.log_bytes = self.log_bytes.saturating_add(sse.size());
        let waiting_since = self.log_lines.map_or(first, |(first, _)| first);
        if self.log_bytes <= LOG_BYTES {
            self.logs.push(sse);
            self.log_lines = Some((waiting_since, last));
            return;
        }
        self.log_lines = Some((waiting_since, last));
        self.skip_lines();
    }

    /// Drops the log lines that wait; the reader is sent their numbers instead.
    fn skip_lines(&mut self) {
        if let Some((first, last)) = self.log_lines {
            let skipped_since = self.skipped.map_or(first, |(first, _)| first);
            self.skipped = Some((skipped_since, last));
        }
        self.clear_lines();
    }

    fn clear_lines(&mut self) {
        self.logs.clear();
        self.log_bytes = 0;
        self.log_lines = None;
    }

    /// Whether the `end` or `problem` frame of the job waits to be written.
    pub fn has_final_frame(&self) -> bool {
        self.final_frame.is_some()
    }

    /// Passes the waiting frames to `out`, in order: log lines before the document that covers them. The final frame is
    /// not among them: [`JobQueue::drain_final_frame`] passes it on.
    pub fn drain(&mut self, mut out: impl FnMut(C)) {
        if let Some((from, to)) = self.skipped.take() {
            let page = LogPage {
                job_id: self.job_id.clone(),
                epoch: self.epoch.clone(),
                lines: Vec::new(),
                skipped_from: Some(from),
                skipped_to: Some(to),
            };
            out(sse_of(&frame::log(&page)));
        }
        self.logs.drain(..).for_each(&mut out);
        self.clear_lines();
        if let Some(document) = self.document.take() {
            out(document);
        }
    }

    /// Passes the `end` or `problem` frame to `out`, if it waits. `end_id` is the SSE id of the frame; only the last
    /// frame of a stream of many jobs has one.
    pub fn drain_final_frame(&mut self, end_id: Option<&str>, mut out: impl FnMut(C)) {
        if let Some(final_frame) = self.final_frame.take() {
            if let Some(id) = end_id {
                out(C::from_bytes(format!("id: {id}\n").as_bytes()));
            }
            out(final_frame);
        }
    }
}

/// Drops log lines that wait in the queues of one stream until they have at most [`STREAM_LOG_BYTES`] together: those of
/// the queue that holds the most, so that a job with many lines does not cost a quiet one its lines.
///
/// `queue` returns the queue of a part of the stream.
pub fn limit_log<P, C: Chunk>(parts: &mut [P], queue: impl Fn(&mut P) -> &mut JobQueue<C>) {
    loop {
        let (mut all, mut most, mut largest) = (0_usize, 0, None);
        for (index, part) in parts.iter_mut().enumerate() {
            let bytes = queue(part).log_bytes;
            all = all.saturating_add(bytes);
            if bytes > most {
                (most, largest) = (bytes, Some(index));
            }
        }
        match largest.and_then(|index| parts.get_mut(index)) {
            Some(part) if all > STREAM_LOG_BYTES => queue(part).skip_lines(),
            _ => return,
        }
    }
}

/// The SSE part of a frame that this crate wrote.
fn sse_of<C: Chunk>(bytes: &[u8]) -> C {
    let head = Kind::read(bytes).map_or(0, |(_, head)| head);
    C::from_bytes(bytes.get(head..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_queue() -> JobQueue<Vec<u8>> {
        JobQueue::new("a", DocumentId::Keep)
    }

    fn log(first: u64, last: u64, epoch: &str) -> Kind {
        Kind::Log(LogHead { first, last, epoch: epoch.to_owned() })
    }

    fn drained(queue: &mut JobQueue<Vec<u8>>) -> String {
        let mut text = Vec::new();
        queue.drain(|chunk| text.extend(chunk));
        queue.drain_final_frame(None, |chunk| text.extend(chunk));
        String::from_utf8(text).unwrap()
    }

    fn push_document(queue: &mut JobQueue<Vec<u8>>, epoch: &str, seq: u64) {
        queue.push(&Kind::Document(Cursor::new(epoch, seq)), format!("{epoch}.{seq};").into_bytes());
    }

    #[test]
    fn an_older_document_is_dropped_even_after_the_newer_one_was_written() {
        let mut queue = new_queue();
        push_document(&mut queue, "aaaaaa", 2);
        assert_eq!(drained(&mut queue), "aaaaaa.2;");
        push_document(&mut queue, "aaaaaa", 1);
        push_document(&mut queue, "aaaaaa", 2);
        assert_eq!(drained(&mut queue), "");
        push_document(&mut queue, "bbbbbb", 1);
        assert_eq!(drained(&mut queue), "bbbbbb.1;");
    }

    #[test]
    fn lines_go_before_the_document_and_the_end_comes_last() {
        let mut queue = new_queue();
        push_document(&mut queue, "aaaaaa", 2);
        queue.push(&log(1, 1, "aaaaaa"), b"line;".to_vec());
        queue.push(&Kind::End, b"end;".to_vec());
        assert!(queue.has_ended());
        assert_eq!(drained(&mut queue), "line;aaaaaa.2;end;");
    }

    #[test]
    fn a_job_that_is_retried_continues() {
        let mut queue = new_queue();
        push_document(&mut queue, "aaaaaa", 2);
        queue.push(&Kind::End, b"end;".to_vec());
        assert_eq!(drained(&mut queue), "aaaaaa.2;end;");
        push_document(&mut queue, "aaaaaa", 3);
        assert!(!queue.has_ended());
        queue.push(&Kind::End, b"end;".to_vec());
        // The end has not been written, and it is not true any more.
        push_document(&mut queue, "aaaaaa", 5);
        assert!(!queue.has_ended() && !queue.has_final_frame());
        assert_eq!(drained(&mut queue), "aaaaaa.5;");
    }

    #[test]
    fn lines_of_a_job_that_was_replaced_are_dropped() {
        let mut queue = new_queue();
        push_document(&mut queue, "aaaaaa", 2);
        queue.push(&log(1, 2, "aaaaaa"), b"former;".to_vec());
        queue.push(&log(1, 1, "bbbbbb"), b"line;".to_vec());
        push_document(&mut queue, "bbbbbb", 1);
        assert_eq!(drained(&mut queue), "line;bbbbbb.1;");
        queue.push(&log(2, 2, "bbbbbb"), b"line;".to_vec());
        push_document(&mut queue, "cccccc", 1);
        assert_eq!(drained(&mut queue), "cccccc.1;");
        // The numbers of dropped lines are those of the former job too.
        for number in 1..=40 {
            queue.push(&log(number, number, "cccccc"), vec![b'x'; 10_000]);
        }
        push_document(&mut queue, "dddddd", 1);
        assert_eq!(drained(&mut queue), "dddddd.1;");
    }

    #[test]
    fn lines_past_the_bound_are_dropped_and_their_numbers_are_sent() {
        let mut queue = new_queue();
        for number in 1..=40 {
            queue.push(&log(number, number, "aaaaaa"), vec![b'x'; 10_000]);
        }
        let text = drained(&mut queue);
        assert!(text.len() < LOG_BYTES);
        assert!(text.contains(r#""epoch":"aaaaaa","lines":[],"skippedFrom":1,"skippedTo":27"#));
        assert_eq!(text.matches('x').count(), 13 * 10_000);
        assert_eq!(drained(&mut queue), "");
    }

    #[test]
    fn a_hundred_queues_that_nobody_reads_hold_no_more_log_than_one_stream_may() {
        let mut queues: Vec<_> = (0..100).map(|_| new_queue()).collect();
        for number in 1..=20 {
            for index in 0..queues.len() {
                // One job sends far more than the others.
                let bytes = if index == 7 { 60_000 } else { 5_000 };
                queues[index].push(&log(number, number, "aaaaaa"), vec![b'x'; bytes]);
                limit_log(&mut queues, |queue| queue);
                assert!(queues.iter().map(|queue| queue.log_bytes).sum::<usize>() <= STREAM_LOG_BYTES);
            }
        }
        for queue in &mut queues {
            let text = drained(queue);
            let kept = text.matches('x').count();
            // Either all lines are there, or the reader learns which are not.
            assert!(text.contains(r#""skippedFrom":1,"skippedTo":"#) || kept == 20 * 5_000, "{kept}");
        }
    }

    #[test]
    fn a_quiet_job_keeps_its_lines_beside_one_with_many() {
        let mut queues: Vec<_> = (0..6).map(|_| new_queue()).collect();
        queues[5].push(&log(1, 1, "aaaaaa"), b"quiet;".to_vec());
        for number in 1..=30 {
            for index in 0..5 {
                queues[index].push(&log(number, number, "aaaaaa"), vec![b'x'; 10_000]);
                limit_log(&mut queues, |queue| queue);
            }
        }
        assert_eq!(drained(&mut queues[5]), "quiet;");
    }

    #[test]
    fn a_terminated_queue_holds_the_problem_alone() {
        let mut queue = new_queue();
        push_document(&mut queue, "aaaaaa", 2);
        queue.push(&log(1, 1, "aaaaaa"), b"line;".to_vec());
        queue.terminate(&Problem::job_not_found("a"));
        assert!(drained(&mut queue).starts_with("event: problem\n"));
    }

    #[test]
    fn the_id_of_a_document_is_stripped_in_a_stream_of_many_jobs() {
        let cursor = Cursor::new("aaaaaa", 2);
        for (document_id, expected) in
            [(DocumentId::Keep, "id: aaaaaa.2\ndata: {}\n\n"), (DocumentId::Strip, "data: {}\n\n")]
        {
            let mut queue = JobQueue::new("a", document_id);
            queue.push(&Kind::Document(cursor.clone()), b"id: aaaaaa.2\ndata: {}\n\n".to_vec());
            assert_eq!(drained(&mut queue), expected);
        }
    }
}
