//! The copy of a job that changed while the backup was made.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use engine::backup::renotifying;
use protocol::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::open_copy;

/// How much later than its commit a change may be written into the file of a database, and how much two clocks may differ.
const MARGIN: Duration = Duration::from_secs(60);

/// Whether a database has a job.
const HAS_JOB: &str = "SELECT 1 FROM sqlite_schema WHERE name = 'job'";

/// The record of a job that has changed since a time.
const CHANGED: &str = "SELECT record FROM job WHERE json_extract(document, '$.updatedAt') >= ?";

const SAVE: &str = "UPDATE job SET record = ?";

/// Brings the alarm of the object forward; the time is in nanoseconds since the Unix epoch.
const BRING_ALARM_FORWARD: &str = "INSERT INTO _cf_METADATA (key, value) VALUES (1, ?1)
    ON CONFLICT (key) DO UPDATE SET value = min(?1, coalesce(value, ?1))";

/// Lets the job of a copied database notify the index again when a server starts with the copy, if it may have changed since
/// `began`.
///
/// # Errors
///
/// The file is not the database of a job, or it cannot be written.
pub(crate) fn renotify(database: &Path, began: SystemTime) -> Result<()> {
    let Some(record) = changed_record(database, began)? else { return Ok(()) };
    let Some(record) = renotifying(&record).context("a job has no record")? else { return Ok(()) };
    let mut connection = Connection::open(database)?;
    // Without the log the database is one file again.
    connection.pragma_update(None, "journal_mode", "delete")?;
    connection.pragma_update(None, "synchronous", "off")?;
    let transaction = connection.transaction()?;
    transaction.execute(SAVE, [record])?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_nanos();
    transaction.execute(BRING_ALARM_FORWARD, [i64::try_from(now)?])?;
    Ok(transaction.commit()?)
}

/// The record of a job that may have changed since `began`.
fn changed_record(database: &Path, began: SystemTime) -> Result<Option<String>> {
    let copy = open_copy(database)?;
    if copy.query_row(HAS_JOB, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    let since = Timestamp::from_millis(millis(began.checked_sub(MARGIN).unwrap_or(SystemTime::UNIX_EPOCH))?);
    Ok(copy.query_row(CHANGED, [since.to_string()], |row| row.get(0)).optional()?)
}

fn millis(time: SystemTime) -> Result<u64> {
    Ok(u64::try_from(time.duration_since(SystemTime::UNIX_EPOCH)?.as_millis())?)
}
