//! The recent lines of a log, as many as one frame may have.

use std::collections::VecDeque;

use protocol::{
    Document,
    log_line::{LogLine, LogPage},
    size::json_bytes,
};

use crate::job_queue;

/// The maximum size in bytes of the lines in a frame, as JSON. The short lines of a body of one megabyte can be twenty
/// megabytes as JSON, and a relay drops lines beyond what it queues for a reader.
pub const FRAME_BYTES: usize = job_queue::LOG_BYTES / 4 * 3;

/// The last lines that were added, and the numbers of the lines that were dropped before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentLines {
    max_lines: usize,
    /// The lines, each with its size in bytes.
    lines: VecDeque<(LogLine, usize)>,
    bytes: usize,
    /// The first and the last line that were dropped.
    skipped: Option<(u64, u64)>,
}

impl RecentLines {
    /// An empty collection that keeps at most `max_lines` lines.
    pub fn new(max_lines: u64) -> RecentLines {
        let max_lines = usize::try_from(max_lines).unwrap_or(usize::MAX);
        RecentLines { max_lines, lines: VecDeque::new(), bytes: 0, skipped: None }
    }

    /// Adds lines that follow the present ones.
    pub fn extend(&mut self, lines: &[LogLine]) {
        // Lines that would be dropped again at once are not measured.
        let (dropped, kept) = lines.split_at(lines.len().saturating_sub(self.max_lines));
        if let Some(last) = dropped.last() {
            let first = self.lines.front().map_or_else(|| dropped.first(), |(line, _)| Some(line));
            let first = first.map_or(last.number, |line| line.number);
            self.lines.clear();
            self.bytes = 0;
            self.skip(first, last.number);
        }
        for line in kept {
            let bytes = json_bytes(line).saturating_add(1);
            self.lines.push_back((line.clone(), bytes));
            self.bytes = self.bytes.saturating_add(bytes);
            while self.lines.len() > self.max_lines || self.bytes > FRAME_BYTES {
                let Some((line, bytes)) = self.lines.pop_front() else { break };
                self.bytes = self.bytes.saturating_sub(bytes);
                self.skip(line.number, line.number);
            }
        }
    }

    fn skip(&mut self, first: u64, last: u64) {
        self.skipped = Some((self.skipped.map_or(first, |(first, _)| first), last));
    }

    /// Whether no line was added.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.skipped.is_none()
    }

    /// The part of the lines whose numbers are above `number`.
    #[must_use]
    pub fn after(&self, number: u64) -> RecentLines {
        let lines: VecDeque<_> = self.lines.iter().filter(|(line, _)| line.number > number).cloned().collect();
        let bytes = lines.iter().fold(0_usize, |sum, (_, bytes)| sum.saturating_add(*bytes));
        let skipped = self.skipped.filter(|(_, last)| *last > number);
        let skipped = skipped.map(|(first, last)| (first.max(number.saturating_add(1)), last));
        RecentLines { max_lines: self.max_lines, lines, bytes, skipped }
    }

    /// The lines.
    pub fn into_lines(self) -> Vec<LogLine> {
        self.lines.into_iter().map(|(line, _)| line).collect()
    }

    /// The lines as a page of this job, with the numbers of the lines that were dropped before them.
    pub fn page(&self, document: &Document) -> LogPage {
        LogPage {
            job_id: document.job_id.clone(),
            epoch: document.epoch.clone(),
            lines: self.lines.iter().map(|(line, _)| line.clone()).collect(),
            skipped_from: self.skipped.map(|(first, _)| first),
            skipped_to: self.skipped.map(|(_, last)| last),
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::Timestamp;

    use super::*;
    use crate::frame;

    fn lines(numbers: std::ops::RangeInclusive<u64>, size: usize) -> Vec<LogLine> {
        let line =
            |number| LogLine { number, at: Timestamp::from_millis(0), level: None, message: "\u{1}".repeat(size) };
        numbers.map(line).collect()
    }

    fn document() -> Document {
        Document::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0))
    }

    fn summary(recent: &RecentLines) -> (u64, u64, Option<u64>, Option<u64>) {
        let page = recent.page(&document());
        assert!(page.lines.windows(2).all(|pair| pair[1].number == pair[0].number + 1));
        (page.lines[0].number, page.lines.last().unwrap().number, page.skipped_from, page.skipped_to)
    }

    #[test]
    fn the_last_lines_are_kept_and_the_numbers_of_the_others() {
        let mut recent = RecentLines::new(10);
        recent.extend(&lines(1..=10, 1));
        assert_eq!(summary(&recent), (1, 10, None, None));
        recent.extend(&lines(11..=11, 1));
        assert_eq!(summary(&recent), (2, 11, Some(1), Some(1)));
        recent.extend(&lines(12..=50, 1));
        assert_eq!(summary(&recent), (41, 50, Some(1), Some(40)));
        recent.extend(&lines(51..=60, 1));
        assert_eq!(summary(&recent), (51, 60, Some(1), Some(50)));
    }

    #[test]
    fn a_frame_of_the_lines_is_no_larger_than_a_queue_allows() {
        let mut recent = RecentLines::new(1_000);
        for first in 0..100 {
            recent.extend(&lines(first * 10 + 1..=first * 10 + 10, 8_000));
            assert!(frame::log(&recent.page(&document())).len() <= job_queue::LOG_BYTES);
        }
        let (first, last, from, to) = summary(&recent);
        assert!((996..1_000).contains(&first), "{first}");
        assert_eq!((last, from, to), (1_000, Some(1), Some(first - 1)));
    }
}
