//! Removed rows, and rows that have expired.

use engine::index::{
    key::RowKey,
    row::{KEPT_MS, REMOVED_MS},
};
use protocol::Timestamp;
use worker::Result;

use super::{Store, integer};

/// A call that is repeated writes nothing and does not extend the time.
const NOTE_REMOVED: &str = "INSERT OR IGNORE INTO removed (created, job, at) VALUES (?, ?, ?)";
const IS_REMOVED: &str = "SELECT at FROM removed WHERE created = ? AND job = ?";
const FORGET_REMOVED: &str = "DELETE FROM removed WHERE at < ?";
/// The first condition follows from the second; with it only the oldest rows are read.
const EXPIRE: &str = "DELETE FROM row WHERE created < ? AND updated < ?";
const FORGET_HISTORY: &str =
    "DELETE FROM history WHERE jobs IN (SELECT jobs FROM history ORDER BY at DESC LIMIT -1 OFFSET ?)";
/// The groups whose history is kept: those of the kinds that completed last.
const GROUPS: u64 = 10_000;

impl Store {
    /// Notes that the row with this key was removed, so that a call that is late does not bring it back.
    pub(in crate::index_object) fn note_removed(&self, key: &RowKey, now: Timestamp) -> Result<()> {
        let values = vec![integer(key.created_at.millis())?, key.job_id.as_str().into(), integer(now.millis())?];
        self.run(NOTE_REMOVED, values)?;
        Ok(())
    }

    /// Whether the row with this key was removed lately.
    pub(in crate::index_object) fn is_removed(&self, key: &RowKey) -> Result<bool> {
        let values = vec![integer(key.created_at.millis())?, key.job_id.as_str().into()];
        Ok(!self.rows::<serde_json::Value>(IS_REMOVED, values)?.is_empty())
    }

    /// Removes what nobody needs any more.
    pub(in crate::index_object) fn purge(&self, now: Timestamp) -> Result<()> {
        let before = |millis: u64| integer(now.millis().saturating_sub(millis));
        self.run(EXPIRE, vec![before(KEPT_MS)?, before(KEPT_MS)?])?;
        self.run(FORGET_REMOVED, vec![before(REMOVED_MS)?])?;
        self.run(FORGET_HISTORY, vec![integer(GROUPS)?])?;
        Ok(())
    }
}
