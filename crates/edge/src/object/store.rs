//! The object's storage: this file and its module are the only place that knows SQL.
//!
//! ```text
//! job  id = 1 | document JSON | record JSON          one row, written once per commit
//! log  first  | last | bytes  | lines                a few rows, each of up to 16 KiB of lines, one JSON object per line
//! delivery                                           one row each, see the module `outbox`
//! tombstone  id = 1 | tombstone JSON                 what a deleted job leaves, see the module `tombstone`
//! child                                              one row for each child of the job, see the module `children`
//! ```
//!
//! A table is created with its first row, never by a query: a request for a job that does not exist leaves nothing behind,
//! and a job without a log, like most jobs, has no table for it.

mod children;
pub(super) mod outbox;
mod tombstone;

use engine::{
    job::{Job, Record},
    lifecycle::Lifecycle,
    log::{self, Row, Write},
};
use protocol::{Document, Timestamp, log_line::LogLine};
use serde::{Deserialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use worker::{Error, Result, SqlStorage, SqlStorageValue, State, worker_sys::SqlStorageCursor};

const MAKE_JOB: &str = "CREATE TABLE IF NOT EXISTS job
    (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL, record TEXT NOT NULL)";
const MAKE_LOG: &str = "CREATE TABLE IF NOT EXISTS log
    (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, bytes INTEGER NOT NULL, lines TEXT NOT NULL)";
const PROBE: &str = "SELECT name FROM sqlite_master WHERE type = 'table' \
                     AND name IN ('job', 'delivery', 'tombstone', 'child')";
const LOAD: &str = "SELECT document, record FROM job";
const SAVE: &str = "INSERT INTO job (id, document, record) VALUES (1, ?, ?) \
                    ON CONFLICT (id) DO UPDATE SET document = excluded.document, record = excluded.record";
const NEW_ROW: &str = "INSERT INTO log (first, last, bytes, lines) VALUES (?, ?, ?, ?)";
const MORE_LINES: &str = "UPDATE log SET last = ?, bytes = bytes + ?, lines = lines || ? WHERE first = ?";
const LINES: &str = "SELECT lines FROM log WHERE last > ? ORDER BY first LIMIT ?";
const LINES_BYTES: &str = "SELECT COALESCE(SUM(bytes), 0) AS bytes FROM log WHERE first > ?";
const ROWS: &str = "SELECT first, last, bytes FROM log ORDER BY first";
const DROP_ROWS: &str = "DELETE FROM log WHERE first < ?";
const DROP_LOG: &str = "DELETE FROM log";
const DROP_JOB: &str = "DELETE FROM job";

#[wasm_bindgen]
extern "C" {
    /// The same storage, called without the JavaScript array that the `worker` crate makes of a statement's values.
    type RawSql;

    #[wasm_bindgen(method, catch, js_name = exec)]
    fn exec_with_two(this: &RawSql, statement: &str, first: &str, second: &str) -> Result<SqlStorageCursor, JsValue>;
}

/// What storage has before a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Former {
    /// No job.
    None,
    /// The same job, with this lifecycle.
    Same(Lifecycle),
    /// A job that has ended and is replaced.
    Replaced {
        /// Whether it has log lines.
        has_log: bool,
    },
}

impl Former {
    /// The job that a creation replaces, if there is one.
    pub(super) fn replaced(job: Option<&Job>) -> Former {
        job.map_or(Former::None, |job| Former::Replaced { has_log: has_log(&job.record) })
    }
}

/// The storage of one object.
pub(super) struct Store {
    sql: SqlStorage,
    raw: RawSql,
    raw_storage: outbox::RawStorage,
}

/// The tables that exist.
#[derive(Clone, Copy, Default)]
pub(super) struct Tables {
    pub(super) job: bool,
    pub(super) delivery: bool,
    pub(super) tombstone: bool,
    pub(super) child: bool,
}

#[derive(Deserialize)]
struct TableRow {
    name: String,
}

#[derive(Deserialize)]
struct JobRow {
    document: String,
    record: String,
}

#[derive(Deserialize)]
struct BytesRow {
    bytes: usize,
}

#[derive(Deserialize)]
struct LinesRow {
    lines: String,
}

impl Store {
    /// The storage of an object.
    pub(super) fn new(state: &State) -> Store {
        let storage = state.storage();
        let raw_storage = JsValue::from(storage.as_raw()).unchecked_into();
        Store { raw: storage.as_raw().sql().unchecked_into(), sql: storage.sql(), raw_storage }
    }

    /// Runs a statement and returns the number of rows that it wrote.
    fn run(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<usize> {
        self.sql.exec(statement, values).map(|cursor| counted(cursor.rows_written()))
    }

    fn rows<T: DeserializeOwned>(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>> {
        self.sql.exec(statement, values)?.to_array()
    }

    /// The tables that exist.
    pub(super) fn tables(&self) -> Result<Tables> {
        let rows = self.rows::<TableRow>(PROBE, Vec::new())?;
        let has = |name: &str| rows.iter().any(|row| row.name == name);
        let [job, delivery, tombstone, child] = ["job", "delivery", "tombstone", "child"].map(has);
        Ok(Tables { job, delivery, tombstone, child })
    }

    /// The job, if its table has it.
    pub(super) fn load(&self) -> Result<Option<Job>> {
        let Some(row) = self.rows::<JobRow>(LOAD, Vec::new())?.pop() else { return Ok(None) };
        let document: Document = serde_json::from_str(&row.document)?;
        let record: Record = serde_json::from_str(&row.record)?;
        Ok(Some(Job::stored(document, record, row.document.len())))
    }

    /// Writes the job, and `lines` to its log; returns the number of written rows. An error after the first statement does
    /// not undo that statement, so everything that can fail is done before.
    pub(super) fn save(&self, job: &mut Job, lines: &[LogLine], former: Former) -> Result<usize> {
        let document = serde_json::to_string(&job.document)?;
        let had_log = has_log(&job.record);
        let writes = log::append(&mut job.record, lines)?;
        let oldest = match writes.is_empty() || !log::is_over(&job.record) {
            true => None,
            false => {
                let rows = if had_log { self.rows::<Row>(ROWS, Vec::new())? } else { Vec::new() };
                log::trim(&mut job.record, &rows, &writes)
            }
        };
        let record = serde_json::to_string(&job.record)?;
        let mut rows = match former {
            Former::None => self.run(MAKE_JOB, Vec::new()).map(|_| 0)?,
            Former::Replaced { has_log: true } => self.run(DROP_LOG, Vec::new())?,
            Former::Replaced { has_log: false } | Former::Same(_) => 0,
        };
        if !had_log && has_log(&job.record) {
            self.run(MAKE_LOG, Vec::new())?;
        }
        rows = rows.saturating_add(counted(self.raw.exec_with_two(SAVE, &document, &record)?.rows_written() as usize));
        for write in &writes {
            rows = rows.saturating_add(self.write_lines(write)?);
        }
        if let Some(oldest) = oldest {
            rows = rows.saturating_add(self.run(DROP_ROWS, vec![integer(oldest)?])?);
        }
        job.stored_bytes = Some(document.len());
        Ok(rows)
    }

    fn write_lines(&self, log: &Write) -> Result<usize> {
        let (row, last, bytes) = (integer(log.row)?, integer(log.last)?, integer(log.bytes())?);
        let text = log.text.as_str().into();
        match log.new {
            true => self.run(NEW_ROW, vec![row, last, bytes, text]),
            false => self.run(MORE_LINES, vec![last, bytes, text, row]),
        }
    }

    /// At most `limit` lines after number `after` of that job's log, oldest first.
    pub(super) fn lines(&self, job: &Job, after: u64, limit: u64) -> Result<Vec<LogLine>> {
        let mut lines = Vec::new();
        if !has_log(&job.record) {
            return Ok(lines);
        }
        // Each row that matches has at least one wanted line, so `limit` rows are enough.
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

    /// How many bytes the lines after number `after` have at least: those of the rows that have no earlier line.
    pub(super) fn lines_bytes(&self, job: &Job, after: u64) -> Result<usize> {
        if !has_log(&job.record) {
            return Ok(0);
        }
        let rows = self.rows::<BytesRow>(LINES_BYTES, vec![integer(after)?])?;
        Ok(rows.first().map_or(0, |row| row.bytes))
    }
}

/// Whether the log has lines, so that its table exists.
pub(super) fn has_log(record: &Record) -> bool {
    record.last_row != 0
}

fn integer(value: u64) -> Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(value).map_err(|_| Error::from("a number past 2^63"))?)
}

/// Counts written rows in the metrics.
fn counted(rows: usize) -> usize {
    crate::metrics::count(|metrics| metrics.job_wrote(rows));
    rows
}

/// Sets the alarm. The write is part of the same transaction as the other writes of the event and is not awaited.
pub(super) fn set_alarm(state: &State, at: Timestamp) {
    counted(1);
    let date = js_sys::Date::new(&(at.millis() as f64).into());
    if let Err(error) = state.storage().as_raw().set_alarm(date, js_sys::Object::new()) {
        worker::console_error!("{}", serde_json::json!({"level": "error", "alarm": format!("{error:?}")}));
    }
}

/// Deletes everything, the alarm included. Nothing may be written in the same event afterwards.
pub(super) fn delete_all(state: &State) {
    if let Err(error) = state.storage().as_raw().delete_all() {
        worker::console_error!("{}", serde_json::json!({"level": "error", "deleteAll": format!("{error:?}")}));
    }
}
