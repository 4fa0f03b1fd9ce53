//! The object's storage: the only place that knows SQL.
//!
//! ```text
//! job  id = 1 | document JSON | record JSON          one row, written once a commit
//! log  first  | last | bytes  | lines, JSON a line   a few rows, each of up to 16 KiB of lines
//! ```
//!
//! Tables are made with the first job, never by a probe: whoever asks for jobs that do not exist leaves nothing behind.

use engine::job::{Job, Record};
use protocol::{
    Document, Timestamp,
    limits::{LOG_BYTES, LOG_LINES},
    log_line::LogLine,
};
use serde::{Deserialize, de::DeserializeOwned};
use worker::{Error, Result, SqlStorage, SqlStorageValue, State};

/// Bytes of lines in one row, after which a new one is begun: rows stay far below the platform's 2 MB, and are few.
const ROW_BYTES: u64 = 16 * 1024;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS log (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, bytes INTEGER NOT NULL, lines TEXT NOT NULL);
";
const PROBE: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'job'";
const LOAD: &str = "SELECT document, record FROM job";
const SAVE: &str = "INSERT INTO job (id, document, record) VALUES (1, ?, ?) \
                    ON CONFLICT (id) DO UPDATE SET document = excluded.document, record = excluded.record";
const NEW_ROW: &str = "INSERT INTO log (first, last, bytes, lines) VALUES (?, ?, ?, ?)";
const MORE_LINES: &str = "UPDATE log SET last = ?, bytes = bytes + ?, lines = lines || ? WHERE first = ?";
const LINES: &str = "SELECT lines FROM log WHERE last > ? ORDER BY first LIMIT ?";
const OLDEST: &str = "SELECT first, last, bytes FROM log ORDER BY first LIMIT 16";
const DROP_ROW: &str = "DELETE FROM log WHERE first = ?";

/// The storage of one object.
pub(super) struct Store(SqlStorage);

#[derive(Deserialize)]
struct JobRow {
    document: String,
    record: String,
}

#[derive(Deserialize)]
struct LinesRow {
    lines: String,
}

#[derive(Deserialize)]
struct RowSize {
    first: u64,
    last: u64,
    bytes: u64,
}

impl Store {
    /// The storage of that object.
    pub(super) fn of(state: &State) -> Store {
        Store(state.storage().sql())
    }

    /// Runs a statement and tells how many rows it wrote.
    fn run(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<usize> {
        self.0.exec(statement, values).map(|cursor| cursor.rows_written())
    }

    fn rows<T: DeserializeOwned>(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>> {
        self.0.exec(statement, values)?.to_array()
    }

    /// The job, if there is one.
    pub(super) fn load(&self) -> Result<Option<Job>> {
        if self.rows::<serde_json::Value>(PROBE, Vec::new())?.is_empty() {
            return Ok(None);
        }
        let Some(row) = self.rows::<JobRow>(LOAD, Vec::new())?.pop() else { return Ok(None) };
        let document: Document = serde_json::from_str(&row.document)?;
        let record: Record = serde_json::from_str(&row.record)?;
        Ok(Some(Job { document, record }))
    }

    /// Writes the job, and `lines` to its log. An error after the first statement does not undo it, so everything that
    /// can be wrong is found before. Tells how many rows were written.
    pub(super) fn save(&self, job: &mut Job, lines: &[LogLine], new: bool) -> Result<usize> {
        let document = serde_json::to_string(&job.document)?;
        let writes = LogWrite::plan(&mut job.record, lines)?;
        let record = serde_json::to_string(&job.record)?;
        if new {
            self.run(SCHEMA, Vec::new())?;
        }
        let mut rows = self.run(SAVE, vec![document.into(), record.into()])?;
        for write in &writes {
            rows = rows.saturating_add(self.write_lines(write)?);
        }
        Ok(if writes.is_empty() { rows } else { rows.saturating_add(self.trim(&mut job.record)?) })
    }

    fn write_lines(&self, log: &LogWrite) -> Result<usize> {
        let (last, bytes, text) = (integer(log.last)?, integer(log.bytes)?, log.text.as_str());
        if log.first == log.row {
            self.run(NEW_ROW, vec![integer(log.row)?, last, bytes, text.into()])
        } else {
            self.run(MORE_LINES, vec![last, bytes, text.into(), integer(log.row)?])
        }
    }

    /// Drops the oldest rows while the log is over its limits. The record's count is written with the next commit; until
    /// then it is too high, which costs one needless look.
    fn trim(&self, record: &mut Record) -> Result<usize> {
        let oldest_kept = record.last_line.saturating_sub(LOG_LINES);
        let mut rows = 0_usize;
        if record.log_bytes <= LOG_BYTES && record.first_row > oldest_kept {
            return Ok(rows);
        }
        loop {
            let oldest = self.rows::<RowSize>(OLDEST, Vec::new())?;
            for row in &oldest {
                // The last row always stays, so this ends.
                if (record.log_bytes <= LOG_BYTES && row.last > oldest_kept) || row.first == record.last_row {
                    record.first_row = row.first;
                    return Ok(rows);
                }
                rows = rows.saturating_add(self.run(DROP_ROW, vec![integer(row.first)?])?);
                record.log_bytes = record.log_bytes.saturating_sub(row.bytes);
            }
            if oldest.is_empty() {
                return Ok(rows);
            }
        }
    }

    /// At most `limit` lines after number `after`, oldest first.
    pub(super) fn lines(&self, after: u64, limit: u64) -> Result<Vec<LogLine>> {
        let mut lines = Vec::new();
        // Each row holds a line that is wanted at least, so as many rows as lines are enough.
        let rows = self.rows::<LinesRow>(LINES, vec![integer(after)?, integer(limit)?])?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        for row in rows {
            for line in row.lines.lines() {
                let line: LogLine = serde_json::from_str(line)?;
                if line.number > after && lines.len() < limit {
                    lines.push(line);
                }
            }
        }
        Ok(lines)
    }
}

/// Lines on their way into a row.
struct LogWrite {
    /// The row's key: the number of its first line.
    row: u64,
    first: u64,
    last: u64,
    bytes: u64,
    text: String,
}

impl LogWrite {
    /// Where the lines go: into the last row while it has room, else into new ones. Of more lines than a log keeps only
    /// the last are written: one body can hold so many short ones that they would be megabytes here.
    fn plan(record: &mut Record, lines: &[LogLine]) -> Result<Vec<LogWrite>> {
        let oldest_kept = record.last_line.saturating_sub(LOG_LINES);
        let mut writes: Vec<LogWrite> = Vec::new();
        for line in lines.iter().filter(|line| line.number > oldest_kept) {
            let mut text = serde_json::to_string(line)?;
            text.push('\n');
            let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
            // What comes after a hole in the numbers begins a row: a page tells of holes only before its first line.
            let follows = record.last_row != 0 && (line.number != oldest_kept.saturating_add(1));
            if !follows || record.last_row_bytes.saturating_add(bytes) > ROW_BYTES {
                record.last_row = line.number;
                record.last_row_bytes = 0;
            }
            record.last_row_bytes = record.last_row_bytes.saturating_add(bytes);
            record.log_bytes = record.log_bytes.saturating_add(bytes);
            match writes.last_mut().filter(|write| write.row == record.last_row) {
                Some(write) => {
                    write.last = line.number;
                    write.bytes = write.bytes.saturating_add(bytes);
                    write.text.push_str(&text);
                }
                None => {
                    let (row, first) = (record.last_row, line.number);
                    writes.push(LogWrite { row, first, last: first, bytes, text });
                }
            }
        }
        Ok(writes)
    }
}

fn integer(value: u64) -> Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(value).map_err(|_| Error::from("a number past 2^63"))?)
}

/// Sets the alarm. The write joins those of the same event; nobody needs to wait for it.
pub(super) fn set_alarm(state: &State, at: Timestamp) {
    let date = js_sys::Date::new(&(at.millis() as f64).into());
    if let Err(error) = state.storage().as_raw().set_alarm(date, js_sys::Object::new()) {
        worker::console_error!("{}", serde_json::json!({"level": "error", "alarm": format!("{error:?}")}));
    }
}

/// Deletes everything; nothing may be written in the same event afterwards.
pub(super) fn forget(state: &State) {
    if let Err(error) = state.storage().as_raw().delete_all() {
        worker::console_error!("{}", serde_json::json!({"level": "error", "forget": format!("{error:?}")}));
    }
}
