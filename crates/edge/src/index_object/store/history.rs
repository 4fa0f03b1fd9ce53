//! The stored history: a row for each group of jobs.

use engine::index::{history::History, row::Row};
use protocol::Timestamp;
use serde::Deserialize;
use worker::{Result, SqlStorageValue};

use super::{Store, integer};

const STORED: &str = "SELECT seconds, at FROM history WHERE jobs = ?";
const STORE: &str = "INSERT OR REPLACE INTO history (jobs, seconds, at) VALUES (?, ?, ?)";
/// The execution times of a group that were not stored, the oldest first.
const LATER: &str = "SELECT seconds FROM \
                     (SELECT status, kind, endpoint, seconds, updated FROM row ORDER BY created DESC, job DESC LIMIT ?) \
                     WHERE status = 'completed' AND seconds IS NOT NULL AND updated > ? AND kind IS ? \
                     AND (kind IS NOT NULL OR endpoint IS ?) ORDER BY updated";
/// The newest rows, among which those times are found.
const NEWEST: u64 = 256;

#[derive(Deserialize)]
struct StoredRow {
    seconds: String,
    at: u64,
}

#[derive(Deserialize)]
struct SecondsRow {
    seconds: f64,
}

impl Store {
    /// Reads the history of the group of this row.
    pub(in crate::index_object) fn load_history(&self, history: &mut History, group: &str, row: &Row) -> Result<()> {
        let stored = self.rows::<StoredRow>(STORED, vec![group.into()])?.pop();
        let (times, at) = match stored {
            Some(stored) => (serde_json::from_str(&stored.seconds)?, stored.at),
            None => (Vec::new(), 0),
        };
        let text = |text: &Option<String>| text.as_deref().map_or(SqlStorageValue::Null, SqlStorageValue::from);
        let values = vec![integer(NEWEST)?, integer(at)?, text(&row.kind), text(&row.endpoint_id)];
        let later = self.rows::<SecondsRow>(LATER, values)?.into_iter().map(|row| row.seconds).collect();
        history.insert(group.to_owned(), times, later);
        Ok(())
    }

    /// Stores the history of a group; the last completed job changed `at`.
    pub(in crate::index_object) fn store_history(&self, group: &str, times: &[f64], at: Timestamp) -> Result<()> {
        self.run(STORE, vec![group.into(), serde_json::to_string(times)?.into(), integer(at.millis())?])?;
        Ok(())
    }
}
