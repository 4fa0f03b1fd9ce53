//! The stored history: a row for each group of jobs.

use engine::index::{
    history::{Completed, History, StoredTimes},
    row::Row,
};
use protocol::Timestamp;
use serde::Deserialize;
use worker::{Result, SqlStorageValue};

use super::{Store, integer};

const STORED: &str = "SELECT seconds, at FROM history WHERE jobs = ?";
const STORE: &str = "INSERT OR REPLACE INTO history (jobs, seconds, at) VALUES (?, ?, ?)";
/// The jobs of a group whose execution times are not stored, the first one first.
const LATER: &str = "SELECT seconds, updated FROM \
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
struct CompletedRow {
    seconds: f64,
    updated: u64,
}

impl Store {
    /// Reads the history of the group of this row.
    pub(in crate::index_object) fn load_history(&self, history: &mut History, group: &str, row: &Row) -> Result<()> {
        let stored = self.rows::<StoredRow>(STORED, vec![group.into()])?.pop();
        let stored = match stored {
            Some(StoredRow { seconds, at }) => {
                StoredTimes { seconds: serde_json::from_str(&seconds)?, at: Timestamp::from_millis(at) }
            }
            None => StoredTimes::default(),
        };
        let text = |text: &Option<String>| text.as_deref().map_or(SqlStorageValue::Null, SqlStorageValue::from);
        let values = vec![integer(NEWEST)?, integer(stored.at.millis())?, text(&row.kind), text(&row.endpoint_id)];
        let completed = |CompletedRow { seconds, updated }| Completed { seconds, at: Timestamp::from_millis(updated) };
        let later = self.rows::<CompletedRow>(LATER, values)?.into_iter().map(completed).collect();
        history.insert(group.to_owned(), stored, later);
        Ok(())
    }

    /// Stores the history of a group.
    pub(in crate::index_object) fn store_history(&self, group: &str, times: &StoredTimes) -> Result<()> {
        self.run(
            STORE,
            vec![group.into(), serde_json::to_string(&times.seconds)?.into(), integer(times.at.millis())?],
        )?;
        Ok(())
    }
}
