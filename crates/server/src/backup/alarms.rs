//! The alarms of the jobs in a backup.
//!
//! workerd keeps the time of a job's alarm in the database of the job, and a second time in the one of the scheduler. The two are
//! copied at different moments. An alarm of the scheduler that is early looks into the job and is set again; one that is late or
//! missing would leave a deadline or a webhook behind. So the scheduler of the backup gets the times that its jobs have.

use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::open_copy;

/// The time of the alarm in the database of a job, in nanoseconds since the Unix epoch; null if there is none.
const OF_JOB: &str = "SELECT value FROM _cf_METADATA WHERE key = 1";

/// Whether a database has the table that holds it. Without a row, a job that does not exist was asked for.
const HAS_METADATA: &str = "SELECT 1 FROM sqlite_schema WHERE name = '_cf_METADATA'";

/// The alarms of the jobs whose databases were added.
#[derive(Debug, Default)]
pub(crate) struct Alarms(Vec<(String, i64)>);

impl Alarms {
    /// Adds the alarm of the job with this database, which nobody else uses.
    ///
    /// # Errors
    ///
    /// The file is not a database.
    pub(crate) fn add(&mut self, database: &Path) -> Result<()> {
        let job = database.file_stem().and_then(|name| name.to_str()).context("a database has no name")?;
        let connection = open_copy(database)?;
        if connection.query_row(HAS_METADATA, [], |_| Ok(())).optional()?.is_none() {
            return Ok(());
        }
        let time = connection.query_row(OF_JOB, [], |row| row.get::<_, Option<i64>>(0)).optional()?;
        self.0.extend(time.flatten().map(|time| (job.to_owned(), time)));
        Ok(())
    }

    /// Writes the alarms into the database of a scheduler, in place of those that it has.
    ///
    /// # Errors
    ///
    /// The file is not such a database.
    pub(crate) fn write(&self, scheduler: &Path) -> Result<()> {
        let mut connection = Connection::open(scheduler)?;
        // Without the log the database is one file again.
        connection.pragma_update(None, "journal_mode", "delete")?;
        let transaction = connection.transaction()?;
        transaction.execute("DELETE FROM _cf_ALARM", [])?;
        for (job, time) in &self.0 {
            let row = "INSERT INTO _cf_ALARM (actor_id, scheduled_time) VALUES (?, ?)";
            transaction.execute(row, params![job, time])?;
        }
        Ok(transaction.commit()?)
    }
}
