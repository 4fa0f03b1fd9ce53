//! The log in storage: the row into which a line is written, and the rows that are removed when there are too many
//! lines.
//!
//! A row has up to 16 KiB of lines, so that a line does not cost a row of its own and a row is far below the platform's
//! limit of 2 MB. Its key is the number of its first line. All writes are planned before the first one is made, because
//! the record, which describes the log, is stored together with it.

use protocol::{
    limits::{LOG_BYTES, LOG_LINES},
    log_line::{LogLine, LogPage},
};
use serde::Deserialize;

use crate::job::{Job, Record};

/// The maximum size in bytes of the lines in one row.
pub const ROW_BYTES: u64 = 16 * 1024;

/// A row of the log, without its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// The key: the number of the first line.
    pub first: u64,
    /// The number of the last line.
    pub last: u64,
    /// The size of the lines in bytes.
    pub bytes: u64,
}

/// Lines to be written into a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The key of the row.
    pub row: u64,
    /// Whether the row is new; otherwise the lines are appended to it.
    pub new: bool,
    /// The number of the last of the lines.
    pub last: u64,
    /// The lines, each as JSON and a newline.
    pub text: String,
}

impl Write {
    /// The size of the lines in bytes.
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.text.len()).unwrap_or(u64::MAX)
    }
}

/// Plans the writes of new lines: into the last row while there is space, then into new rows. If there are more lines
/// than a log keeps, only the last are written: one body can have so many short lines that they would be megabytes
/// here.
///
/// # Errors
///
/// Only if a line cannot be serialized.
pub fn append(record: &mut Record, lines: &[LogLine]) -> serde_json::Result<Vec<Write>> {
    let oldest_kept = oldest_kept(record);
    let before = lines.first().map_or(0, |line| line.number.saturating_sub(1));
    let mut writes: Vec<Write> = Vec::new();
    for line in lines.iter().filter(|line| line.number > oldest_kept) {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
        // A line after a gap in the numbers begins a row, because a page can name a gap only before its first line.
        let follows = record.last_row != 0 && line.number != oldest_kept.saturating_add(1);
        let new = !follows || record.last_row_bytes.saturating_add(bytes) > ROW_BYTES;
        if new {
            record.last_row = line.number;
            record.last_row_bytes = 0;
        }
        record.last_row_bytes = record.last_row_bytes.saturating_add(bytes);
        record.log_bytes = record.log_bytes.saturating_add(bytes);
        match writes.last_mut().filter(|_| !new) {
            Some(write) => {
                write.last = line.number;
                write.text.push_str(&text);
            }
            None => writes.push(Write { row: record.last_row, new, last: line.number, text }),
        }
    }
    // The first row grows while it is the only one.
    let only_row = before == record.first_row_end;
    if let Some(write) = writes.first().filter(|write| only_row && (before == 0 || !write.new)) {
        record.first_row_end = write.last;
    }
    Ok(writes)
}

/// Whether the log exceeds its limits, so that [`trim`] must be called with the rows.
pub fn is_over(record: &Record) -> bool {
    record.log_bytes > LOG_BYTES || record.first_row_end <= oldest_kept(record)
}

/// Removes the oldest rows from the record while the log exceeds its limits; the last row always stays. `rows` are the
/// rows in storage, oldest first, and `writes` the planned writes. The caller deletes the rows before the returned key.
pub fn trim(record: &mut Record, rows: &[Row], writes: &[Write]) -> Option<u64> {
    let oldest_kept = oldest_kept(record);
    let stored = rows.iter().map(|row| match writes.first().filter(|write| !write.new && write.row == row.first) {
        Some(more) => Row { last: more.last, bytes: row.bytes.saturating_add(more.bytes()), ..*row },
        None => *row,
    });
    let new_rows = writes.iter().filter(|write| write.new);
    let new_rows = new_rows.map(|write| Row { first: write.row, last: write.last, bytes: write.bytes() });
    let mut dropped = false;
    for row in stored.chain(new_rows) {
        if row.first == record.last_row || (record.log_bytes <= LOG_BYTES && row.last > oldest_kept) {
            record.first_row_end = row.last;
            return dropped.then_some(row.first);
        }
        record.log_bytes = record.log_bytes.saturating_sub(row.bytes);
        dropped = true;
    }
    None
}

/// The page of the stored lines after line number `after`, with the numbers of the lines that are missing before them.
pub fn page(job: &Job, after: u64, lines: Vec<LogLine>) -> LogPage {
    let first_wanted = after.saturating_add(1);
    let last = job.record.last_line;
    let gap = match lines.first().map(|line| line.number) {
        Some(first) => (first > first_wanted).then(|| (first_wanted, first.saturating_sub(1))),
        None => (first_wanted <= last).then_some((first_wanted, last)),
    };
    LogPage {
        job_id: job.document.job_id.clone(),
        epoch: job.document.epoch.clone(),
        lines,
        skipped_from: gap.map(|(from, _)| from),
        skipped_to: gap.map(|(_, to)| to),
    }
}

/// The number of the last line that is outside of the limit of lines.
fn oldest_kept(record: &Record) -> u64 {
    record.last_line.saturating_sub(LOG_LINES)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*, sample::select};
    use protocol::Timestamp;

    use super::*;

    /// A model of storage: the saved record, and the rows with the numbers of their lines.
    #[derive(Default)]
    struct Disk {
        record: Record,
        rows: BTreeMap<u64, (Row, Vec<u64>)>,
        row_reads: usize,
    }

    impl Disk {
        /// Commits lines as the object does, from the saved record alone.
        fn commit(&mut self, count: u64, size: usize) {
            let mut record = self.record.clone();
            let first = record.last_line + 1;
            let message = "x".repeat(size);
            let at = Timestamp::from_millis(0);
            let lines: Vec<_> = (first..first + count)
                .map(|number| LogLine { number, at, level: None, message: message.clone() })
                .collect();
            record.last_line += count;
            let writes = append(&mut record, &lines).unwrap();
            let mut from = None;
            if is_over(&record) {
                self.row_reads += 1;
                let rows: Vec<_> = self.rows.values().map(|(row, _)| *row).collect();
                from = trim(&mut record, &rows, &writes);
            }
            self.record = record;
            for write in &writes {
                let numbers = write.text.lines().map(|line| serde_json::from_str::<LogLine>(line).unwrap().number);
                let row = Row { first: write.row, last: write.last, bytes: 0 };
                assert_eq!(write.new, !self.rows.contains_key(&write.row));
                let (row, held) = self.rows.entry(write.row).or_insert((row, Vec::new()));
                (row.last, row.bytes) = (write.last, row.bytes + write.bytes());
                held.extend(numbers);
            }
            if let Some(from) = from {
                self.rows = self.rows.split_off(&from);
            }
        }

        fn check(&self) {
            let (record, rows) = (&self.record, &self.rows);
            let bytes: u64 = rows.values().map(|(row, _)| row.bytes).sum();
            assert_eq!(record.log_bytes, bytes, "the record counts the stored bytes");
            let kept: Vec<u64> = rows.values().flat_map(|(_, held)| held.iter().copied()).collect();
            assert!(kept.iter().copied().eq(kept[0]..=record.last_line), "a line is missing or stored twice");
            assert!(!is_over(record), "the log still exceeds its limits");
            let (last, _) = rows.values().next_back().unwrap();
            assert_eq!((record.last_row, record.last_row_bytes), (last.first, last.bytes));
            for (key, (row, held)) in rows {
                assert_eq!((*key, row.first, row.last), (held[0], held[0], *held.last().unwrap()));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_record_describes_the_stored_rows(
            commits in vec((1_u64..40, select(vec![0_usize, 20, 700, 8_000])), 1..30),
        ) {
            let mut disk = Disk::default();
            for (count, size) in commits {
                disk.commit(count, size);
                disk.check();
            }
        }
    }

    #[test]
    fn the_log_is_trimmed_at_its_limit_of_bytes_and_by_no_row_too_many() {
        let mut disk = Disk::default();
        for _ in 0..400 {
            let before: Vec<_> = disk.rows.values().map(|(row, _)| *row).collect();
            disk.commit(1, 8_000);
            disk.check();
            let dropped: u64 =
                before.iter().filter(|row| !disk.rows.contains_key(&row.first)).map(|row| row.bytes).sum();
            assert!(disk.record.log_bytes <= LOG_BYTES);
            assert!(dropped == 0 || disk.record.log_bytes + dropped > LOG_BYTES, "one row less would have been enough");
        }
        assert!(disk.rows.len() > 100);
    }

    #[test]
    fn the_log_is_trimmed_at_its_limit_of_lines_and_keeps_the_last_ones() {
        let mut disk = Disk::default();
        for _ in 0..30 {
            disk.commit(700, 10);
            disk.check();
            let kept: usize = disk.rows.values().map(|(_, held)| held.len()).sum();
            let wanted = usize::try_from(disk.record.last_line.min(LOG_LINES)).unwrap();
            assert!(kept >= wanted && kept < wanted + 400, "{kept}");
        }
    }

    #[test]
    fn only_the_last_of_more_lines_than_a_log_keeps_are_written() {
        let mut disk = Disk::default();
        disk.commit(5, 10);
        disk.commit(LOG_LINES + 7, 1);
        disk.check();
        assert_eq!(disk.rows.keys().next(), Some(&13), "the five and the first seven are removed");
    }

    #[test]
    fn rows_are_read_only_when_one_may_be_removed() {
        let mut disk = Disk::default();
        for _ in 0..12_000 {
            disk.commit(1, 10);
        }
        let rows_made = 12_000 * 70 / ROW_BYTES as usize;
        assert!(disk.row_reads <= rows_made, "{} reads for {rows_made} rows", disk.row_reads);
    }
}
