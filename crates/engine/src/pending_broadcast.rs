//! Committed changes that have not been sent to the viewers of a job yet, and the frames that carry them.

use protocol::{Document, Timestamp, cursor::Cursor, include::Include, limits::LOG_LINES_RESUME, log_line::LogLine};

use crate::{frame, job::Job, recent_lines::RecentLines, subscription};

/// The newest committed document, and the log lines since the last broadcast as far as one frame holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingBroadcast {
    document: Document,
    lines: RecentLines,
}

/// What a viewer that subscribes during a pending broadcast was sent first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InitialState {
    cursor: Cursor,
    last_line: u64,
}

impl InitialState {
    /// The state of a job, of which the viewer is sent everything.
    pub fn new(job: &Job) -> InitialState {
        InitialState { cursor: job.document.cursor(), last_line: job.record.last_line }
    }
}

impl PendingBroadcast {
    /// The broadcast of one commit.
    pub fn new(job: &Job, lines: &[LogLine]) -> PendingBroadcast {
        let mut recent = RecentLines::new(LOG_LINES_RESUME);
        recent.extend(lines);
        PendingBroadcast { document: job.document.clone(), lines: recent }
    }

    /// Adds a later commit: its document replaces the earlier one, its lines follow the earlier ones. If the commit began
    /// another job under the same id, the earlier lines are dropped: they belong to the job that was replaced.
    pub fn add(&mut self, job: &Job, lines: &[LogLine]) {
        if job.document.epoch != self.document.epoch {
            self.lines = RecentLines::new(LOG_LINES_RESUME);
        }
        self.document.clone_from(&job.document);
        self.lines.extend(lines);
    }

    /// The frames for a viewer that includes these parts, in order; the flag says that the stream ends after them.
    pub fn frames(&self, include: Include, now: Timestamp) -> (Vec<Vec<u8>>, bool) {
        let mut frames = Vec::with_capacity(3);
        if include.logs() && !self.lines.is_empty() {
            frames.push(frame::log(&self.lines.page(&self.document)));
        }
        let ended = subscription::has_ended(&self.document, now);
        subscription::push_state(&self.document, include, ended, &mut frames);
        (frames, ended)
    }

    /// The frames for a viewer that subscribed during this broadcast: only what follows its initial state.
    pub fn frames_after(&self, initial: &InitialState, include: Include, now: Timestamp) -> Vec<Vec<u8>> {
        if !initial.cursor.is_behind(&self.document.cursor()) {
            return Vec::new();
        }
        if initial.cursor.epoch() != self.document.epoch {
            return self.frames(include, now).0;
        }
        let rest = PendingBroadcast { lines: self.lines.after(initial.last_line), ..self.clone() };
        rest.frames(include, now).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Kind, LogHead};

    fn line(number: u64) -> LogLine {
        LogLine { number, at: Timestamp::from_millis(0), level: None, message: "x".to_owned() }
    }

    fn new_job() -> Job {
        Job::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0))
    }

    fn commit(job: &mut Job, lines: std::ops::RangeInclusive<u64>) -> Vec<LogLine> {
        job.document.seq += 1;
        job.record.last_line = *lines.end();
        lines.map(line).collect()
    }

    fn kinds(frames: &[Vec<u8>]) -> Vec<Kind> {
        frames.iter().map(|frame| Kind::read(frame).unwrap().0).collect()
    }

    fn log(first: u64, last: u64, epoch: &str) -> Kind {
        Kind::Log(LogHead { first, last, epoch: epoch.to_owned() })
    }

    fn logs() -> Include {
        Include::from_bits(1)
    }

    #[test]
    fn several_commits_become_the_last_document_and_all_lines() {
        let mut job = new_job();
        let mut pending = PendingBroadcast::new(&job, &[line(1)]);
        let lines = commit(&mut job, 2..=3);
        pending.add(&job, &lines);
        let kinds = |include| {
            let (frames, ended) = pending.frames(include, Timestamp::from_millis(0));
            assert!(!ended);
            kinds(&frames)
        };
        assert_eq!(kinds(Include::NONE), [Kind::Document(job.document.cursor())]);
        assert_eq!(kinds(logs()), [log(1, 3, "k3v9a0"), Kind::Document(job.document.cursor())]);
    }

    #[test]
    fn a_viewer_that_subscribes_during_a_broadcast_gets_nothing_twice() {
        let now = Timestamp::from_millis(0);
        let mut job = new_job();
        let lines = commit(&mut job, 1..=3);
        let mut pending = PendingBroadcast::new(&job, &lines);
        let initial = InitialState::new(&job);
        assert_eq!(kinds(&pending.frames_after(&initial, logs(), now)), []);
        let lines = commit(&mut job, 4..=5);
        pending.add(&job, &lines);
        let document = Kind::Document(job.document.cursor());
        assert_eq!(kinds(&pending.frames_after(&initial, logs(), now)), [log(4, 5, "k3v9a0"), document.clone()]);
        assert_eq!(kinds(&pending.frames_after(&initial, Include::NONE, now)), [document]);
        let lines = commit(&mut job, 6..=1_500);
        pending.add(&job, &lines);
        let document = Kind::Document(job.document.cursor());
        assert_eq!(kinds(&pending.frames_after(&initial, logs(), now)), [log(4, 1_500, "k3v9a0"), document]);
    }

    #[test]
    fn a_job_that_is_made_anew_replaces_what_was_pending_of_the_former_one() {
        let now = Timestamp::from_millis(0);
        let mut job = new_job();
        let lines = commit(&mut job, 1..=3);
        let mut pending = PendingBroadcast::new(&job, &lines);
        let initial = InitialState::new(&job);
        let mut anew = Job::new("a".to_owned(), "zzzzzz".to_owned(), now);
        anew.record.last_line = 2;
        pending.add(&anew, &[line(1), line(2)]);
        let all = [log(1, 2, "zzzzzz"), Kind::Document(anew.document.cursor())];
        assert_eq!(kinds(&pending.frames(logs(), now).0), all);
        assert_eq!(kinds(&pending.frames_after(&initial, logs(), now)), all, "a new viewer has the former job");
        assert_eq!(kinds(&pending.frames_after(&InitialState::new(&anew), logs(), now)), []);
    }

    #[test]
    fn a_body_of_many_short_lines_makes_no_frame_past_the_bound() {
        let lines: Vec<_> = (1..=250_000).map(line).collect();
        let pending = PendingBroadcast::new(&new_job(), &lines);
        let (frames, _) = pending.frames(logs(), Timestamp::from_millis(0));
        let text = std::str::from_utf8(&frames[0]).unwrap();
        assert!(text.len() < crate::job_queue::LOG_BYTES, "{}", text.len());
        assert!(text.starts_with("1 log 1 250000 k3v9a0\n") && text.contains(r#""skippedFrom":1,"skippedTo":249000}"#));
    }
}
