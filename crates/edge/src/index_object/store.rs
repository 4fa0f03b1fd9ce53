//! The rows of one shard in storage: the only place that knows their SQL.
//!
//! ```text
//! row  created | job | status | kind | endpoint | priority | parent | seconds | tags | search | row JSON
//! ```
//!
//! The key is the time of the creation in milliseconds and the id of the job, and the table is stored in its order, so that a
//! page needs no other index, and a row costs one written row. The columns beside the JSON are for filters.

use std::cell::Cell;

use engine::index::{
    filter::{Filter, ListRequest},
    history::History,
    key::RowKey,
    page::{Bounds, PageRow, ShardPage},
    row::{Row, tag_line},
    summary::{Count, Duration, ShardSummary},
};
use protocol::{
    Status, Timestamp,
    limits::{LIST_SCANNED, SUMMARY_ROWS},
};
use serde::{Deserialize, de::DeserializeOwned};
use worker::{Error, Result, SqlStorage, SqlStorageValue, State};

const MAKE: &str = "CREATE TABLE IF NOT EXISTS row
    (created INTEGER NOT NULL, job TEXT NOT NULL, status TEXT NOT NULL, kind TEXT, endpoint TEXT, priority TEXT, parent TEXT,
     seconds REAL, tags TEXT NOT NULL, search TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (created, job)) WITHOUT ROWID";
const PROBE: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'row'";
const PUT: &str = "INSERT OR REPLACE INTO row \
                   (created, job, status, kind, endpoint, priority, parent, seconds, tags, search, row) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const ONE: &str = "SELECT row FROM row WHERE created = ? AND job = ?";
const REMOVE: &str = "DELETE FROM row WHERE created = ? AND job = ?";
/// The newest completed jobs, of which a new history consists.
const HISTORY: &str = "SELECT kind, endpoint, seconds FROM \
                       (SELECT status, kind, endpoint, seconds FROM row ORDER BY created DESC, job DESC LIMIT ?) \
                       WHERE status = 'completed' AND seconds IS NOT NULL LIMIT ?";
/// The rows of which a history, or the execution times of a summary, are made.
const DURATIONS: u64 = 4_096;

/// The rows of a shard.
pub(super) struct Store {
    sql: SqlStorage,
    has_table: Cell<bool>,
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

#[derive(Deserialize)]
struct CompletedRow {
    kind: Option<String>,
    endpoint: Option<String>,
    seconds: f64,
}

#[derive(Deserialize)]
struct CountRow {
    status: Status,
    kind: Option<String>,
    count: u64,
}

#[derive(Deserialize)]
struct DurationRow {
    kind: Option<String>,
    created: u64,
    seconds: f64,
}

/// Conditions with their values.
#[derive(Clone, Default)]
struct Conditions {
    conditions: Vec<String>,
    values: Vec<SqlStorageValue>,
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
            ("kind = ?", &filter.kind),
            ("endpoint = ?", &filter.endpoint_id),
            ("priority = ?", &filter.priority),
            ("parent = ?", &filter.parent_id),
            ("instr(search, ?) > 0", &filter.text),
        ];
        for (condition, text) in texts {
            if let Some(text) = text {
                rows.add(condition, [text.as_str().into()]);
            }
        }
        for (name, value) in filter.tags.iter() {
            rows.add("instr(tags, ?) > 0", [tag_line(name, value).into()]);
        }
        rows
    }

    fn text(&self) -> String {
        if self.conditions.is_empty() { String::new() } else { format!("WHERE {}", self.conditions.join(" AND ")) }
    }
}

impl Store {
    /// The storage of an object.
    pub(super) fn new(state: &State) -> Store {
        Store { sql: state.storage().sql(), has_table: Cell::new(false) }
    }

    fn run(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<usize> {
        let rows = self.sql.exec(statement, values)?.rows_written();
        crate::metrics::count(|metrics| metrics.index_wrote(rows));
        Ok(rows)
    }

    fn rows<T: DeserializeOwned>(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>> {
        self.sql.exec(statement, values)?.to_array()
    }

    /// Whether there is a table: a query does not make one.
    fn has_rows(&self) -> Result<bool> {
        if !self.has_table.get() {
            self.has_table.set(!self.rows::<serde_json::Value>(PROBE, Vec::new())?.is_empty());
        }
        Ok(self.has_table.get())
    }

    /// The row with this key.
    pub(super) fn row(&self, key: &RowKey) -> Result<Option<Row>> {
        if !self.has_rows()? {
            return Ok(None);
        }
        let values = vec![integer(key.created_at.millis())?, key.job_id.as_str().into()];
        let row = self.rows::<JsonRow>(ONE, values)?.pop();
        row.map(|row| Ok(serde_json::from_str(&row.row)?)).transpose()
    }

    /// Writes a row, in the place of the one with the same key.
    pub(super) fn put(&self, row: &Row) -> Result<()> {
        if !self.has_table.get() {
            self.run(MAKE, Vec::new())?;
            self.has_table.set(true);
        }
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
        if !self.has_rows()? {
            return Ok(ShardPage::default());
        }
        let (keys, filter) = (Conditions::of_keys(request)?, Conditions::of_filter(&request.filter));
        let order = if Bounds::of(request).is_descending { "DESC" } else { "ASC" };
        let scanned = format!("FROM row {} ORDER BY created {order}, job {order}", keys.text());
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let mut values = keys.values.clone();
        values.push(integer(LIST_SCANNED)?);
        values.extend(filter.values.iter().cloned());
        // One row more says whether another page follows.
        values.push(integer(request.limit.saturating_add(1))?);
        let select = format!("SELECT created, job, row FROM (SELECT * {scanned} LIMIT ?) {} LIMIT ?", filter.text());
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

    /// What the shard adds to a summary.
    pub(super) fn summary(&self, request: &ListRequest) -> Result<ShardSummary> {
        if !self.has_rows()? {
            return Ok(ShardSummary::default());
        }
        let (keys, filter) = (Conditions::of_keys(request)?, Conditions::of_filter(&request.filter));
        let columns = if filter.conditions.is_empty() { "created, status, kind, seconds" } else { "*" };
        let newest = format!("(SELECT {columns} FROM row {} ORDER BY created DESC, job DESC LIMIT ?)", keys.text());
        let mut values = keys.values;
        values.push(integer(SUMMARY_ROWS)?);
        values.extend(filter.values.iter().cloned());
        let select =
            format!("SELECT status, kind, COUNT(*) AS count FROM {newest} {} GROUP BY status, kind", filter.text());
        let counts = self.rows::<CountRow>(&select, values.clone())?;
        let mut completed = filter;
        completed.add("status = 'completed' AND seconds IS NOT NULL", []);
        values.push(integer(DURATIONS)?);
        let select = format!("SELECT kind, created, seconds FROM {newest} {} LIMIT ?", completed.text());
        let durations = self.rows::<DurationRow>(&select, values)?;
        Ok(ShardSummary {
            counts: counts.into_iter().map(|CountRow { status, kind, count }| Count { status, kind, count }).collect(),
            durations: durations
                .into_iter()
                .map(|DurationRow { kind, created, seconds }| Duration { kind, created, seconds })
                .collect(),
        })
    }

    /// How long the last completed jobs took.
    pub(super) fn history(&self) -> Result<History> {
        let mut history = History::default();
        if self.has_rows()? {
            let rows = self.rows::<CompletedRow>(HISTORY, vec![integer(LIST_SCANNED)?, integer(DURATIONS)?])?;
            // The last one is the oldest.
            for CompletedRow { kind, endpoint, seconds } in rows.into_iter().rev() {
                history.add(kind.as_deref(), endpoint.as_deref(), seconds);
            }
        }
        Ok(history)
    }
}

fn parameter(created: u64, job_id: &str) -> String {
    RowKey { created_at: Timestamp::from_millis(created), job_id: job_id.to_owned() }.to_parameter()
}

fn integer(value: u64) -> Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(value).map_err(|_| Error::from("a number past 2^63"))?)
}
