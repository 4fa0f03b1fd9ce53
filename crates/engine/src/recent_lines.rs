//! RecentLines lines: the last ones of a log, as many as one frame holds.

use std::collections::VecDeque;

use protocol::log_line::{LogLine, LogPage};

use crate::{job_queue, size::json_bytes};

/// Bytes of lines, as JSON, that a frame holds: one body of a megabyte can bring so many short ones that they would be
/// twenty as JSON, and more than a relay keeps for a reader is thrown away there.
pub const FRAME_BYTES: usize = job_queue::LOG_BYTES / 4 * 3;

/// The last lines that were added, and which ones went before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentLines {
    most: usize,
    /// The lines, each with its bytes.
    lines: VecDeque<(LogLine, usize)>,
    bytes: usize,
    /// The first line and the last that were left out.
    skipped: Option<(u64, u64)>,
}

impl RecentLines {
    /// No lines yet, of which `most` will be kept.
    pub fn new(most: u64) -> RecentLines {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        RecentLines { most, lines: VecDeque::new(), bytes: 0, skipped: None }
    }

    /// Adds lines that follow those that are there.
    pub fn extend(&mut self, lines: &[LogLine]) {
        // Those that would only go again need not be looked at.
        let (needless, wanted) = lines.split_at(lines.len().saturating_sub(self.most));
        if let Some(last) = needless.last() {
            let first = self.lines.front().map_or_else(|| needless.first(), |(line, _)| Some(line));
            let first = first.map_or(last.number, |line| line.number);
            self.lines.clear();
            self.bytes = 0;
            self.skip(first, last.number);
        }
        for line in wanted {
            let bytes = json_bytes(line).saturating_add(1);
            self.lines.push_back((line.clone(), bytes));
            self.bytes = self.bytes.saturating_add(bytes);
            while self.lines.len() > self.most || self.bytes > FRAME_BYTES {
                let Some((line, bytes)) = self.lines.pop_front() else { break };
                self.bytes = self.bytes.saturating_sub(bytes);
                self.skip(line.number, line.number);
            }
        }
    }

    fn skip(&mut self, first: u64, last: u64) {
        self.skipped = Some((self.skipped.map_or(first, |(first, _)| first), last));
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.skipped.is_none()
    }

    /// The lines.
    pub fn into_lines(self) -> Vec<LogLine> {
        self.lines.into_iter().map(|(line, _)| line).collect()
    }

    /// The lines of that job, with what was left out before them.
    pub fn page(&self, job_id: &str) -> LogPage {
        LogPage {
            job_id: job_id.to_owned(),
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

    fn told(recent: &RecentLines) -> (u64, u64, Option<u64>, Option<u64>) {
        let page = recent.page("a");
        assert!(page.lines.windows(2).all(|pair| pair[1].number == pair[0].number + 1));
        (page.lines[0].number, page.lines.last().unwrap().number, page.skipped_from, page.skipped_to)
    }

    #[test]
    fn as_many_as_are_wanted_are_kept_and_the_rest_is_named() {
        let mut recent = RecentLines::new(10);
        recent.extend(&lines(1..=10, 1));
        assert_eq!(told(&recent), (1, 10, None, None));
        recent.extend(&lines(11..=11, 1));
        assert_eq!(told(&recent), (2, 11, Some(1), Some(1)));
        recent.extend(&lines(12..=50, 1));
        assert_eq!(told(&recent), (41, 50, Some(1), Some(40)));
        recent.extend(&lines(51..=60, 1));
        assert_eq!(told(&recent), (51, 60, Some(1), Some(50)));
    }

    #[test]
    fn a_frame_of_them_is_no_larger_than_a_relay_keeps() {
        let mut recent = RecentLines::new(1_000);
        for first in 0..100 {
            recent.extend(&lines(first * 10 + 1..=first * 10 + 10, 8_000));
            assert!(frame::log(&recent.page("a")).len() <= job_queue::LOG_BYTES);
        }
        let (first, last, from, to) = told(&recent);
        assert!((996..1_000).contains(&first), "{first}");
        assert_eq!((last, from, to), (1_000, Some(1), Some(first - 1)));
    }
}
