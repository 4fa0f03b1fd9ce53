//! Committed changes that have not been sent to the viewers of a job yet, and the frames that carry them.

use protocol::{Document, Timestamp, include::Include, limits::LOG_LINES_RESUME, log_line::LogLine};

use crate::{frame, recent_lines::RecentLines, subscription};

/// The newest committed document, and the log lines since the last broadcast as far as one frame holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingBroadcast {
    document: Document,
    lines: RecentLines,
}

impl PendingBroadcast {
    /// The broadcast of one commit.
    pub fn new(document: &Document, lines: &[LogLine]) -> PendingBroadcast {
        let mut recent = RecentLines::new(LOG_LINES_RESUME);
        recent.extend(lines);
        PendingBroadcast { document: document.clone(), lines: recent }
    }

    /// Adds a later commit: its document replaces the earlier one, its lines follow the earlier ones.
    pub fn add(&mut self, document: &Document, lines: &[LogLine]) {
        self.document.clone_from(document);
        self.lines.extend(lines);
    }

    /// The frames for a viewer that includes these parts, in order; the flag says that the stream ends after them.
    pub fn frames(&self, include: Include, now: Timestamp) -> (Vec<Vec<u8>>, bool) {
        let mut frames = Vec::with_capacity(3);
        if include.logs() && !self.lines.is_empty() {
            frames.push(frame::log(&self.lines.page(&self.document.job_id)));
        }
        let ended = subscription::has_ended(&self.document, now);
        subscription::push_state(&self.document, include, ended, &mut frames);
        (frames, ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Kind;

    fn line(number: u64) -> LogLine {
        LogLine { number, at: Timestamp::from_millis(0), level: None, message: "x".to_owned() }
    }

    #[test]
    fn several_commits_become_the_last_document_and_all_lines() {
        let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        let mut pending = PendingBroadcast::new(&document, &[line(1)]);
        document.seq += 1;
        pending.add(&document, &[line(2), line(3)]);
        let kinds = |include| {
            let (frames, ended) = pending.frames(include, Timestamp::from_millis(0));
            assert!(!ended);
            frames.iter().map(|frame| Kind::read(frame).unwrap().0).collect::<Vec<_>>()
        };
        assert_eq!(kinds(Include::NONE), [Kind::Document(document.cursor())]);
        assert_eq!(kinds(Include::from_bits(1)), [Kind::Log(1, 3), Kind::Document(document.cursor())]);
    }

    #[test]
    fn a_body_of_many_short_lines_makes_no_frame_past_the_bound() {
        let document = Document::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        let lines: Vec<_> = (1..=250_000).map(line).collect();
        let pending = PendingBroadcast::new(&document, &lines);
        let (frames, _) = pending.frames(Include::from_bits(1), Timestamp::from_millis(0));
        let text = std::str::from_utf8(&frames[0]).unwrap();
        assert!(text.len() < crate::job_queue::LOG_BYTES, "{}", text.len());
        assert!(text.starts_with("1 log 1 250000\n") && text.contains(r#""skippedFrom":1,"skippedTo":249000}"#));
    }
}
