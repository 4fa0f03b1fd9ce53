//! A backup of the databases of jobs and of the index, which are copied one after the other.

use crate::job::Record;

/// The stored record of a job that changed after the index was copied, as the backup has it: when the job is loaded again, it
/// notifies the index of its state. `None` if the job notifies nobody.
///
/// # Errors
///
/// The text is not a record.
///
/// ```
/// use engine::{backup, job::Record, notice::Recipient};
/// let mut record = Record::default();
/// assert_eq!(backup::renotifying(&serde_json::to_string(&record)?)?, None);
/// record.notices.mark(Recipient::Index, "1/0", 1, 77);
/// record.notices.acknowledge(Recipient::Index, 1);
/// let copied = backup::renotifying(&serde_json::to_string(&record)?)?.unwrap_or_default();
/// assert!(serde_json::from_str::<Record>(&copied)?.notices.is_outdated(Recipient::Index, "1/0"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn renotifying(record: &str) -> serde_json::Result<Option<String>> {
    let mut record: Record = serde_json::from_str(record)?;
    record.notices.suspend_all().then(|| serde_json::to_string(&record)).transpose()
}
