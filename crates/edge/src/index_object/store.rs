//! The rows of one shard in storage: this file and its modules are the only place that knows their SQL.
//!
//! ```text
//! row      created | job | status | kind | endpoint | priority | parent | seconds | updated | tags | search | row JSON
//! removed  created | job | at        the keys of rows that were removed lately
//! history  jobs | seconds | at       the execution times of the last completed jobs of a group
//! ```
//!
//! The key is the time of the creation in milliseconds and the id of the job, and the table is stored in its order, so that a
//! page needs no other index, and a row costs one written row. The columns beside the JSON are for filters.

mod expiry;
mod history;
mod summary;

use std::cell::Cell;

use engine::index::{
    filter::{Filter, ListRequest},
    key::RowKey,
    page::{Bounds, PageRow, ShardPage},
    row::{Row, tag_line},
};
use protocol::{Timestamp, limits::LIST_SCANNED};
use serde::{Deserialize, de::DeserializeOwned};
use worker::{Error, Result, SqlStorage, SqlStorageValue, State};

const MAKE: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS row
    (created INTEGER NOT NULL, job TEXT NOT NULL, status TEXT NOT NULL, kind TEXT, endpoint TEXT, priority TEXT, parent TEXT,
     seconds REAL, updated INTEGER NOT NULL, tags TEXT NOT NULL, search TEXT NOT NULL, row TEXT NOT NULL,
     PRIMARY KEY (created, job)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS removed
    (created INTEGER NOT NULL, job TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (created, job)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS history
    (jobs TEXT PRIMARY KEY, seconds TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
];
const PROBE: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'row'";
const PUT: &str = "INSERT OR REPLACE INTO row \
                   (created, job, status, kind, endpoint, priority, parent, seconds, updated, tags, search, row) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const ONE: &str = "SELECT row FROM row WHERE created = ? AND job = ?";
const REMOVE: &str = "DELETE FROM row WHERE created = ? AND job = ?";

/// The rows of a shard.
pub(super) struct Store {
    sql: SqlStorage,
    has_tables: Cell<bool>,
}

#[derive(Deserialize)]
struct JsonRow {
    row: String,
}

#[derive(Deserialize)]
struct KeyRow {
    created: u64,
    job: String,
}

/// Conditions with their values.
#[derive(Clone, Default)]
struct Conditions {
    conditions: Vec<String>,
    values: Vec<SqlStorageValue>,
    /// The columns that they read, apart from those of every scan.
    columns: Vec<&'static str>,
}

impl Conditions {
    fn add(&mut self, condition: impl Into<String>, values: impl IntoIterator<Item = SqlStorageValue>) {
        self.conditions.push(condition.into());
        self.values.extend(values);
    }

    /// The keys of a page: those within its bounds and after its cursor.
    fn of_keys(request: &ListRequest) -> Result<Conditions> {
        let Bounds { from, to, is_descending } = Bounds::of(request);
        let mut keys = Conditions::default();
        keys.add("created >= ?", [integer(from)?]);
        keys.add("created < ?", [integer(to)?]);
        if let Some(RowKey { created_at, job_id }) = &request.after {
            let order = if is_descending { "<" } else { ">" };
            keys.add(format!("(created, job) {order} (?, ?)"), [integer(created_at.millis())?, job_id.as_str().into()]);
        }
        Ok(keys)
    }

    /// The rows that a filter selects, as far as the keys do not say it. It selects what [`Filter::selects`] does.
    fn of_filter(filter: &Filter) -> Conditions {
        let mut rows = Conditions::default();
        if !filter.statuses.is_empty() {
            let places = vec!["?"; filter.statuses.len()].join(", ");
            rows.add(format!("status IN ({places})"), filter.statuses.iter().map(|status| status.as_str().into()));
        }
        let texts = [
            ("kind = ?", None, &filter.kind),
            ("endpoint = ?", Some("endpoint"), &filter.endpoint_id),
            ("priority = ?", Some("priority"), &filter.priority),
            ("parent = ?", Some("parent"), &filter.parent_id),
            ("instr(search, ?) > 0", Some("search"), &filter.text),
        ];
        for (condition, column, text) in texts {
            if let Some(text) = text {
                rows.add(condition, [text.as_str().into()]);
                rows.columns.extend(column);
            }
        }
        if filter.tags.iter().next().is_some() {
            rows.columns.push("tags");
        }
        for (name, value) in filter.tags.iter() {
            rows.add("instr(tags, ?) > 0", [tag_line(name, value).into()]);
        }
        rows
    }

    fn text(&self) -> String {
        if self.conditions.is_empty() { String::new() } else { format!("WHERE {}", self.conditions.join(" AND ")) }
    }

    /// The columns of a scan of rows to which these conditions apply: those that are short, and those that the conditions read.
    fn scanned_columns(&self) -> String {
        let always = ["created", "job", "status", "kind", "seconds"];
        always.iter().chain(&self.columns).copied().collect::<Vec<_>>().join(", ")
    }
}

impl Store {
    /// The storage of an object.
    pub(super) fn new(state: &State) -> Store {
        Store { sql: state.storage().sql(), has_tables: Cell::new(false) }
    }

    fn run(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<usize> {
        let rows = self.sql.exec(statement, values)?.rows_written();
        crate::metrics::count(|metrics| metrics.index_wrote(rows));
        Ok(rows)
    }

    fn rows<T: DeserializeOwned>(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>> {
        self.sql.exec(statement, values)?.to_array()
    }

    /// Whether there are tables: a query does not make them.
    pub(super) fn has_tables(&self) -> Result<bool> {
        if !self.has_tables.get() {
            self.has_tables.set(!self.rows::<serde_json::Value>(PROBE, Vec::new())?.is_empty());
        }
        Ok(self.has_tables.get())
    }

    /// Makes the tables.
    pub(super) fn make_tables(&self) -> Result<()> {
        for table in MAKE {
            self.run(table, Vec::new())?;
        }
        self.has_tables.set(true);
        Ok(())
    }

    /// The row with this key.
    pub(super) fn row(&self, key: &RowKey) -> Result<Option<Row>> {
        let values = vec![integer(key.created_at.millis())?, key.job_id.as_str().into()];
        let row = self.rows::<JsonRow>(ONE, values)?.pop();
        row.map(|row| Ok(serde_json::from_str(&row.row)?)).transpose()
    }

    /// Writes a row, in the place of the one with the same key.
    pub(super) fn put(&self, row: &Row) -> Result<()> {
        let text = |text: &Option<String>| text.as_deref().map_or(SqlStorageValue::Null, SqlStorageValue::from);
        let seconds = row.execution_time.map_or(SqlStorageValue::Null, |seconds| seconds.get().into());
        let values = vec![
            integer(row.created_at.millis())?,
            row.job_id.as_str().into(),
            row.status.as_str().into(),
            text(&row.kind),
            text(&row.endpoint_id),
            text(&row.priority),
            text(&row.parent_id),
            seconds,
            integer(row.updated_at.millis())?,
            row.tag_lines().into(),
            row.searched_text().into(),
            serde_json::to_string(row)?.into(),
        ];
        self.run(PUT, values)?;
        Ok(())
    }

    /// Removes a row, and returns it.
    pub(super) fn remove(&self, created_at: Timestamp, job_id: &str) -> Result<Option<Row>> {
        let row = self.row(&RowKey { created_at, job_id: job_id.to_owned() })?;
        if row.is_some() {
            self.run(REMOVE, vec![integer(created_at.millis())?, job_id.into()])?;
        }
        Ok(row)
    }

    /// A page of a list.
    pub(super) fn page(&self, request: &ListRequest) -> Result<ShardPage> {
        if !self.has_tables()? {
            return Ok(ShardPage::default());
        }
        let (keys, filter) = (Conditions::of_keys(request)?, Conditions::of_filter(&request.filter));
        let order = if Bounds::of(request).is_descending { "DESC" } else { "ASC" };
        let scanned = format!("FROM row {} ORDER BY created {order}, job {order}", keys.text());
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        // One row more says whether another page follows.
        let with_next = integer(request.limit.saturating_add(1))?;
        let mut values = keys.values.clone();
        let select = if filter.conditions.is_empty() {
            values.push(with_next);
            format!("SELECT created, job, row {scanned} LIMIT ?")
        } else {
            values.push(integer(LIST_SCANNED)?);
            values.extend(filter.values.iter().cloned());
            values.push(with_next);
            // The JSON is read of the rows of the page alone.
            format!(
                "SELECT row.created, row.job, row.row FROM (SELECT created, job FROM (SELECT {} {scanned} LIMIT ?) {} LIMIT ?) \
                 AS found CROSS JOIN row ON row.created = found.created AND row.job = found.job \
                 ORDER BY row.created {order}, row.job {order}",
                filter.scanned_columns(),
                filter.text()
            )
        };
        let mut rows = self.rows::<PageRow>(&select, values)?;
        if rows.len() > limit {
            rows.truncate(limit);
            let read_to = rows.last().map(|last| parameter(last.created, &last.job));
            return Ok(ShardPage { rows, read_to });
        }
        // Without a filter every row that was read is on the page.
        if filter.conditions.is_empty() {
            return Ok(ShardPage { rows, read_to: None });
        }
        let mut values = keys.values;
        values.push(integer(LIST_SCANNED.saturating_sub(1))?);
        let last = self.rows::<KeyRow>(&format!("SELECT created, job {scanned} LIMIT 1 OFFSET ?"), values)?.pop();
        Ok(ShardPage { rows, read_to: last.map(|last| parameter(last.created, &last.job)) })
    }
}

fn parameter(created: u64, job_id: &str) -> String {
    RowKey { created_at: Timestamp::from_millis(created), job_id: job_id.to_owned() }.to_parameter()
}

fn integer(value: u64) -> Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(value).map_err(|_| Error::from("a number past 2^63"))?)
}
