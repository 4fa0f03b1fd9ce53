//! Subscribing to a job: whether a reader is admitted, and the frames that it is sent first, so that it misses nothing
//! and gets nothing twice.

use protocol::{
    Document, Problem, Timestamp,
    cursor::Cursor,
    include::Include,
    limits::{LOG_LINES_NEW, LOG_LINES_RESUME, RETRY_AHEAD_SECONDS, VIEWERS, VIEWERS_PER_READER},
    log_line::LogLine,
    problem::Code,
};

use crate::{frame, job::Job, log, rate_limit::share_is_used, recent_lines::RecentLines};

/// The decision about a reader that subscribes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The reader has seen the end of the job. The answer is 204, which stops a native `EventSource`.
    Finished,
    /// The reader is sent [`initial_frames`], then every change.
    Admitted {
        /// Whether the job has ended, so that the `end` frame follows at once.
        ended: bool,
    },
}

/// Decides about a reader of `document` that subscribes with `cursor`.
///
/// A reader that is up to date is sent the document all the same: it costs one frame, confirms that the reader is up to
/// date, and repairs any earlier loss.
pub fn admit(document: &Document, cursor: Option<&Cursor>, now: Timestamp) -> Admission {
    let ended = has_ended(document, now);
    // Any other cursor may be of a reader that has not seen the end, and 204 would stop it for good.
    if ended && cursor == Some(&document.cursor()) {
        return Admission::Finished;
    }
    Admission::Admitted { ended }
}

/// Whether a stream of the job ends: the status is terminal and no retry is planned soon.
pub fn has_ended(document: &Document, now: Timestamp) -> bool {
    let horizon = now.plus_millis(RETRY_AHEAD_SECONDS.saturating_mul(1000));
    document.status.is_terminal() && document.next_retry_at.is_none_or(|at| at <= now || at > horizon)
}

/// What viewers look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewed {
    /// A job.
    Job,
    /// A list of jobs.
    List,
}

impl Viewed {
    /// Its name at the start of a sentence.
    fn name(self) -> &'static str {
        match self {
            Viewed::Job => "The job",
            Viewed::List => "The list",
        }
    }

    /// Whose streams they are.
    fn of(self) -> &'static str {
        match self {
            Viewed::Job => "of the job",
            Viewed::List => "of lists",
        }
    }
}

/// Checks that a job, or a shard of the lists of a project, with this many viewers, `of_reader` of them of the same reader, can have one more of that reader.
///
/// # Errors
///
/// `OVERLOADED` if it has as many viewers as it may have, `RATE_LIMIT_EXCEEDED` if the reader has.
pub fn check_capacity(viewed: Viewed, viewers: usize, of_reader: usize) -> Result<(), Problem> {
    if of_reader >= VIEWERS_PER_READER {
        return Err(share_is_used(viewed.of()));
    }
    if viewers < VIEWERS {
        return Ok(());
    }
    let message = format!("{} has {VIEWERS} viewers, which is the limit; try again in a minute", viewed.name());
    Err(Problem::new(Code::Overloaded, message).with("limit", VIEWERS))
}

/// The problem of a reader to which the object of the job replied with this status instead of a socket.
pub fn refusal(job_id: &str, status: u16) -> Problem {
    match status {
        404 => Problem::job_not_found(job_id),
        status => not_opened(Viewed::Job, status),
    }
}

/// The problem of a reader to which a shard of the index replied with this status instead of a socket.
pub fn list_refusal(status: u16) -> Problem {
    not_opened(Viewed::List, status)
}

fn not_opened(viewed: Viewed, status: u16) -> Problem {
    let name = viewed.name();
    match status {
        429 => share_is_used(viewed.of()),
        503 => {
            let message = format!("{name} has as many viewers as it may have; try again in a minute");
            Problem::new(Code::Overloaded, message).with("limit", VIEWERS)
        }
        _ => {
            let message = format!("{name} could not be opened because of an internal error; try again");
            Problem::new(Code::Internal, message)
        }
    }
}

/// The number of log lines that a reader which subscribes with `cursor` is sent first, counted from the last line.
pub fn initial_line_count(job: &Job, cursor: Option<&Cursor>) -> u64 {
    if cursor.is_some_and(|cursor| cursor.epoch() == job.document.epoch) { LOG_LINES_RESUME } else { LOG_LINES_NEW }
}

/// The frames that a reader is sent first, in order. `lines` are the last [`initial_line_count`] lines of the log,
/// `ended` comes from [`admit`].
pub fn initial_frames(job: &Job, include: Include, lines: Vec<LogLine>, ended: bool) -> Vec<Vec<u8>> {
    let mut frames = Vec::with_capacity(3);
    if include.logs() && job.record.last_line > 0 {
        let mut recent = RecentLines::new(LOG_LINES_RESUME);
        recent.extend(&lines);
        frames.push(frame::log(&log::page(job, 0, recent.into_lines())));
    }
    push_state(&job.document, include, ended, &mut frames);
    frames
}

/// Adds the document frame and, if the job has `ended`, the `end` frame.
pub(crate) fn push_state(document: &Document, include: Include, ended: bool, frames: &mut Vec<Vec<u8>>) {
    frames.push(frame::document(&document.cursor(), &document.view(include)));
    if ended {
        frames.push(frame::end(document));
    }
}

#[cfg(test)]
mod tests {
    use protocol::Status;

    use super::*;

    fn completed(seq: u64) -> Document {
        let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        (document.status, document.seq) = (Status::Completed, seq);
        document
    }

    #[test]
    fn a_failing_object_is_neither_a_full_nor_a_missing_job() {
        let code = |status| refusal("a", status).code();
        assert_eq!([404, 429, 503].map(code), [Code::JobNotFound, Code::RateLimitExceeded, Code::Overloaded]);
        assert_eq!([200, 500, 507, 599].map(code), [Code::Internal; 4]);
    }

    #[test]
    fn the_problem_of_a_list_names_no_job() {
        for status in [404, 429, 500, 503] {
            let problem = list_refusal(status);
            assert!(!problem.message().contains("job"), "{}", problem.message());
            assert_ne!(problem.code(), Code::JobNotFound);
        }
        for (viewers, of_reader) in [(VIEWERS, 0), (0, VIEWERS_PER_READER)] {
            let [job, list] =
                [Viewed::Job, Viewed::List].map(|viewed| check_capacity(viewed, viewers, of_reader).unwrap_err());
            assert!(job.message().contains("job") && !list.message().contains("job"), "{}", list.message());
        }
    }

    #[test]
    fn a_stream_stays_open_for_a_retry_within_an_hour_and_not_for_a_later_one() {
        let mut document = completed(2);
        for (retry, ended) in [(999, true), (1_000, true), (1_001, false), (3_601_000, false), (3_601_001, true)] {
            document.next_retry_at = Some(Timestamp::from_millis(retry));
            assert_eq!(has_ended(&document, Timestamp::from_millis(1_000)), ended, "{retry}");
        }
    }

    #[test]
    fn only_the_last_cursor_of_an_ended_job_has_seen_the_end() {
        let document = completed(2);
        let admit = |cursor: &str| admit(&document, Cursor::parse(cursor).as_ref(), Timestamp::from_millis(0));
        assert_eq!(admit("k3v9a0.2"), Admission::Finished);
        for cursor in ["", "k3v9a0.1", "k3v9a0.3", "k3v9a0.999999", "zzzzzz.2"] {
            assert_eq!(admit(cursor), Admission::Admitted { ended: true }, "{cursor}");
        }
    }

    #[test]
    fn a_job_accepts_viewers_up_to_the_limit_and_none_past_it() {
        assert_eq!(check_capacity(Viewed::Job, 0, 0), Ok(()));
        assert_eq!(check_capacity(Viewed::Job, VIEWERS - 1, 0), Ok(()));
        for viewers in [VIEWERS, VIEWERS + 1] {
            let problem = check_capacity(Viewed::Job, viewers, 0).unwrap_err();
            assert_eq!((problem.code(), &problem.details()["limit"]), (Code::Overloaded, &VIEWERS.into()));
        }
    }

    #[test]
    fn a_reader_has_its_share_of_the_viewers_and_no_more() {
        assert_eq!(check_capacity(Viewed::Job, VIEWERS - 1, VIEWERS_PER_READER - 1), Ok(()));
        let problem = check_capacity(Viewed::Job, VIEWERS_PER_READER, VIEWERS_PER_READER).unwrap_err();
        assert_eq!(
            (problem.code(), &problem.details()["limit"]),
            (Code::RateLimitExceeded, &VIEWERS_PER_READER.into())
        );
    }

    #[test]
    fn a_reader_that_resumes_gets_as_many_long_lines_as_a_frame_holds_and_the_numbers_of_the_others() {
        let now = Timestamp::from_millis(0);
        let mut job = Job::new("a".to_owned(), "k3v9a0".to_owned(), now);
        job.record.last_line = 300;
        let line = |number| LogLine { number, at: now, level: None, message: "x".repeat(8_000) };
        let frames = initial_frames(&job, Include::from_bits(1), (101..=300).map(line).collect(), false);
        let frame = std::str::from_utf8(&frames[0]).unwrap();
        assert!(frame.len() <= crate::job_queue::LOG_BYTES, "{}", frame.len());
        assert!(frame.contains(r#""number":300,"#) && frame.contains(r#""skippedFrom":1,"skippedTo":2"#));
    }
}
