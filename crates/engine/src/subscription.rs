//! What a reader that comes is sent: nothing lost, nothing twice.

use protocol::{
    Document, Problem, Timestamp,
    cursor::Cursor,
    include::Include,
    limits::{LOG_LINES_NEW, LOG_LINES_RESUME, VIEWERS},
    log_line::{LogLine, LogPage},
    problem::Code,
};

use crate::{frame, job::Job, recent::Recent};

/// What to do with a reader that comes with `cursor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// It has seen the end; 204 stops a native `EventSource`.
    Finished,
    /// It is sent the document, then what follows; after `ended`, the `end` frame at once.
    Welcome {
        /// Whether nothing will follow.
        ended: bool,
    },
}

/// Greets a reader of `document` that comes with `cursor`.
///
/// A reader that is not behind is sent the document all the same: it costs one frame, tells it that it is up to date, and
/// heals whatever went wrong before.
pub fn greet(document: &Document, cursor: Option<&Cursor>, now: Timestamp) -> Greeting {
    let ended = has_ended(document, now);
    if ended && cursor.is_some_and(|cursor| !cursor.is_behind(&document.cursor())) {
        return Greeting::Finished;
    }
    Greeting::Welcome { ended }
}

/// Whether a stream of the job ends: it is terminal, and no retry lies ahead.
pub fn has_ended(document: &Document, now: Timestamp) -> bool {
    document.status.is_terminal() && document.next_retry_at.is_none_or(|at| at <= now)
}

/// Whether a job that has so many viewers takes one more.
///
/// # Errors
///
/// `OVERLOADED` when it has as many as it can take.
pub fn room(viewers: usize) -> Result<(), Problem> {
    if viewers < VIEWERS {
        return Ok(());
    }
    let message = format!("The job has {VIEWERS} viewers, which is all it can take; come back in a minute");
    Err(Problem::new(Code::Overloaded, message).with("limit", VIEWERS))
}

/// How many of the last lines a reader that comes with `cursor` is sent.
pub fn lines_for(job: &Job, cursor: Option<&Cursor>) -> u64 {
    if cursor.is_some_and(|cursor| cursor.epoch() == job.document.epoch) { LOG_LINES_RESUME } else { LOG_LINES_NEW }
}

/// The frames that a reader is sent first, in their order; `lines` are the last [`lines_for`] it, `ended` is what
/// [`greet`] said.
pub fn welcome(job: &Job, include: Include, lines: Vec<LogLine>, ended: bool) -> Vec<Vec<u8>> {
    let mut frames = Vec::with_capacity(3);
    if include.logs() && job.record.last_line > 0 {
        let mut recent = Recent::new(LOG_LINES_RESUME);
        recent.extend(&lines);
        frames.push(frame::log(&page(job, 0, recent.into_lines())));
    }
    tell(&job.document, include, ended, &mut frames);
    frames
}

/// The document and, if that is where it stands, the end.
pub(crate) fn tell(document: &Document, include: Include, ended: bool, frames: &mut Vec<Vec<u8>>) {
    frames.push(frame::document(&document.cursor(), &document.view(include)));
    if ended {
        frames.push(frame::end(document));
    }
}

/// The lines that were found after number `after`, with what is missing before them.
pub fn page(job: &Job, after: u64, lines: Vec<LogLine>) -> LogPage {
    let first_wanted = after.saturating_add(1);
    let last = job.record.last_line;
    let gap = match lines.first().map(|line| line.number) {
        Some(first) => (first > first_wanted).then(|| (first_wanted, first.saturating_sub(1))),
        None => (first_wanted <= last).then_some((first_wanted, last)),
    };
    LogPage {
        job_id: job.document.job_id.clone(),
        lines,
        skipped_from: gap.map(|(from, _)| from),
        skipped_to: gap.map(|(_, to)| to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_takes_its_last_viewer_and_none_past_it() {
        assert_eq!(room(0), Ok(()));
        assert_eq!(room(VIEWERS - 1), Ok(()));
        for viewers in [VIEWERS, VIEWERS + 1] {
            let problem = room(viewers).unwrap_err();
            assert_eq!((problem.code(), &problem.details()["limit"]), (Code::Overloaded, &VIEWERS.into()));
        }
    }

    #[test]
    fn who_comes_back_to_long_lines_gets_as_many_as_a_frame_holds_and_is_told_of_the_rest() {
        let now = Timestamp::from_millis(0);
        let mut job = Job::new("a".to_owned(), "k3v9a0".to_owned(), now);
        job.record.last_line = 300;
        let line = |number| LogLine { number, at: now, level: None, message: "x".repeat(8_000) };
        let frames = welcome(&job, Include::from_bits(1), (101..=300).map(line).collect(), false);
        let frame = std::str::from_utf8(&frames[0]).unwrap();
        assert!(frame.len() <= crate::lane::LOG_BYTES, "{}", frame.len());
        assert!(frame.contains(r#""number":300,"#) && frame.contains(r#""skippedFrom":1,"skippedTo":2"#));
    }
}
