//! The table of the children of a job: one row each, written when the status of the child changes.
//!
//! ```text
//! child  id | created | attempt | request | seq | status | progress | at
//! ```
//!
//! Times are in milliseconds. A child without a status was removed, and is remembered for a while.

use engine::children::Child;
use protocol::{Status, Timestamp, number::Number};
use serde::Deserialize;
use worker::{Result, SqlStorageValue};

use super::{Store, integer};

// Without a rowid the primary key needs no index of its own, which would be a second row to write.
const MAKE: &str = "CREATE TABLE IF NOT EXISTS child
    (id TEXT PRIMARY KEY, created INTEGER NOT NULL, attempt INTEGER NOT NULL, request INTEGER NOT NULL,
    seq INTEGER NOT NULL, status TEXT, progress REAL, at INTEGER NOT NULL)
    WITHOUT ROWID";
const PUT: &str = "INSERT INTO child (id, created, attempt, request, seq, status, progress, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) \
                   ON CONFLICT (id) DO UPDATE SET created = excluded.created, attempt = excluded.attempt, \
                   request = excluded.request, seq = excluded.seq, \
                   status = excluded.status, progress = excluded.progress, at = excluded.at";
const LOAD: &str = "SELECT id, created, attempt, request, seq, status, progress, at FROM child";
const FORGET: &str = "DELETE FROM child WHERE id = ?";
const DROP: &str = "DELETE FROM child";

#[derive(Deserialize)]
struct ChildRow {
    id: String,
    created: u64,
    attempt: u64,
    request: u64,
    seq: u64,
    status: Option<Status>,
    progress: Option<f64>,
    at: u64,
}

impl Store {
    /// Writes the row of a child.
    pub(in crate::object) fn put_child(&self, id: &str, child: &Child, is_first: bool) -> Result<usize> {
        if is_first {
            self.run(MAKE, Vec::new())?;
        }
        let status = child.status.map_or(SqlStorageValue::Null, |status| status.as_str().into());
        let progress = child.progress.map_or(SqlStorageValue::Null, |progress| progress.get().into());
        let (created, written) = (integer(child.created_at.millis())?, integer(child.written_at.millis())?);
        let (attempt, request, seq) = (integer(child.attempt)?, integer(child.request)?, integer(child.seq)?);
        self.run(PUT, vec![id.into(), created, attempt, request, seq, status, progress, written])
    }

    /// The rows of all children, by their ids.
    pub(in crate::object) fn children(&self) -> Result<Vec<(String, Child)>> {
        let child = |row: ChildRow| {
            let child = Child {
                created_at: Timestamp::from_millis(row.created),
                attempt: row.attempt,
                request: row.request,
                seq: row.seq,
                status: row.status,
                progress: row.progress.and_then(Number::new),
                written_at: Timestamp::from_millis(row.at),
            };
            (row.id, child)
        };
        Ok(self.rows::<ChildRow>(LOAD, Vec::new())?.into_iter().map(child).collect())
    }

    /// Removes the rows of these children.
    pub(in crate::object) fn forget_children(&self, ids: &[String]) -> Result<()> {
        ids.iter().try_for_each(|id| self.run(FORGET, vec![id.as_str().into()]).map(|_| ()))
    }

    /// Removes the rows of all children.
    pub(in crate::object) fn drop_children(&self) -> Result<usize> {
        self.run(DROP, Vec::new())
    }
}
