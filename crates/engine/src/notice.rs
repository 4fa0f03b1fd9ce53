//! Notices: what a job has to report to other objects about its changes.
//!
//! A change and the notice of it are one commit: the notice is a mark in the job's record, in the row that the commit writes
//! anyway, and an alarm is set for [half a minute](crate::alarm::NOTICE_MS) later, unless one fires before. After the commit
//! the job calls the recipient, without delaying the response to its own caller. The call has the state of the job, not its
//! history, and the recipient ignores what it knows already, so a call may be repeated or come late. When the recipient has
//! answered, the mark is cleared in memory, and in storage with the next commit: an acknowledgement costs no written row. If
//! the job is killed before, the alarm makes the call again; if the call fails, the alarm is set to [a few
//! seconds](retry_ms) later, until the recipient answers. So a recipient never learns of a change that was not committed, and
//! learns of each that was.
//!
//! A job that is deleted leaves a [`Tombstone`] until every recipient knows.

use std::collections::BTreeMap;

use protocol::Timestamp;
use serde::{Deserialize, Serialize};

/// Calls that may fail before the waits between them become longer.
const QUICK_RETRIES: u32 = 8;
/// The milliseconds until a call is made again.
const RETRY_MS: u64 = 4_000;
/// The longest wait.
const LONGEST_RETRY_MS: u64 = 60_000;
/// The jobs of one id, each replaced by the next one, that a recipient which does not answer has to forget. Past it, the oldest
/// are not named any more.
const MOST_FORMER: usize = 1_000;

/// The milliseconds until a call is made again after so many that failed one after another.
///
/// ```
/// use engine::notice::retry_ms;
/// assert_eq!([0, 8, 9, 30].map(retry_ms), [4_000, 4_000, 8_000, 60_000]);
/// ```
pub fn retry_ms(failures: u32) -> u64 {
    let doublings = failures.saturating_sub(QUICK_RETRIES);
    2_u64.saturating_pow(doublings).saturating_mul(RETRY_MS).min(LONGEST_RETRY_MS)
}

/// An object that a job notifies of its changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Recipient {
    /// The shard of the index that has the job's row.
    Index,
}

/// What one recipient has to learn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Notice {
    /// A number that differs if what the recipient shows of the job differs.
    digest: u64,
    /// The `seq` of the change that made the difference.
    seq: u64,
    /// Whether the recipient has acknowledged it, as far as this is known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_acknowledged: bool,
    /// When the jobs that this one has replaced were created, as far as the recipient may still know them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    former: Vec<Timestamp>,
}

/// The notices of a job, one for each recipient.
///
/// ```
/// use engine::notice::{Notices, Recipient};
/// let mut notices = Notices::default();
/// assert!(notices.owe(Recipient::Index, 1, 77));
/// assert!(!notices.owe(Recipient::Index, 2, 77), "nothing that the index shows has changed");
/// assert!(notices.is_pending(Recipient::Index));
/// notices.acknowledge(Recipient::Index, 2);
/// assert!(!notices.is_pending(Recipient::Index));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Notices(BTreeMap<Recipient, Notice>);

impl Notices {
    /// Whether no recipient was ever to be notified.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Marks that the recipient has to be notified of the change `seq`, unless `digest` says that it shows the same as before.
    /// Whether it has to.
    pub fn owe(&mut self, recipient: Recipient, seq: u64, digest: u64) -> bool {
        let is_known = self.0.get(&recipient).is_some_and(|notice| notice.digest == digest && notice.seq > 0);
        if !is_known {
            let notice = self.0.entry(recipient).or_default();
            (notice.digest, notice.seq, notice.is_acknowledged) = (digest, seq, false);
        }
        !is_known
    }

    /// Forgets a recipient that does not exist any more.
    pub fn drop_recipient(&mut self, recipient: Recipient) {
        self.0.remove(&recipient);
    }

    /// Whether the recipient has to be notified.
    pub fn is_pending(&self, recipient: Recipient) -> bool {
        self.0.get(&recipient).is_some_and(|notice| !notice.is_acknowledged)
    }

    /// A recipient that has to be notified; `None` if all know.
    pub fn next_pending(&self) -> Option<Recipient> {
        self.0.iter().find(|(_, notice)| !notice.is_acknowledged).map(|(recipient, _)| *recipient)
    }

    /// When the jobs were created that this one has replaced, as far as the recipient may still know them.
    pub fn former(&self, recipient: Recipient) -> &[Timestamp] {
        self.0.get(&recipient).map_or(&[], |notice| &notice.former)
    }

    /// Notes that the recipient knows the state after the change `seq`.
    pub fn acknowledge(&mut self, recipient: Recipient, seq: u64) {
        if let Some(notice) = self.0.get_mut(&recipient).filter(|notice| notice.seq <= seq) {
            notice.is_acknowledged = true;
            notice.former.clear();
        }
    }

    /// The notices of a job that takes the place of this one, which was created at `created_at`, or of its tombstone.
    #[must_use]
    pub fn of_successor(&self, created_at: Timestamp) -> Notices {
        let succeed = |notice: &Notice| {
            let mut former = notice.former.clone();
            former.push(created_at);
            former.drain(..former.len().saturating_sub(MOST_FORMER));
            Notice { former, ..Notice::default() }
        };
        Notices(self.0.iter().map(|(recipient, notice)| (*recipient, succeed(notice))).collect())
    }
}

/// What is left of a deleted job until every recipient knows that it is deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tombstone {
    /// The id of the job.
    pub job_id: String,
    /// The project.
    pub project: String,
    /// When the job was created.
    pub created_at: Timestamp,
    /// The notices; the deleted job is one of the former ones.
    pub notices: Notices,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn an_acknowledgement_of_an_earlier_state_clears_nothing() {
        let mut notices = Notices::default();
        notices.owe(Recipient::Index, 3, 1);
        notices.owe(Recipient::Index, 5, 2);
        notices.acknowledge(Recipient::Index, 4);
        assert_eq!(notices.next_pending(), Some(Recipient::Index));
        notices.acknowledge(Recipient::Index, 5);
        assert_eq!(notices.next_pending(), None);
        assert!(notices.owe(Recipient::Index, 6, 1));
        assert_eq!(notices.next_pending(), Some(Recipient::Index));
    }

    #[test]
    fn the_former_jobs_are_named_until_the_recipient_has_answered() {
        let mut notices = Notices::default();
        notices.owe(Recipient::Index, 1, 1);
        let mut successor = notices.of_successor(at(7)).of_successor(at(8));
        assert_eq!(successor.former(Recipient::Index), [at(7), at(8)]);
        assert!(successor.owe(Recipient::Index, 1, 0), "also if the digest is that of no notice");
        successor.acknowledge(Recipient::Index, 1);
        assert_eq!(successor.former(Recipient::Index), []);
        assert!(Notices::default().of_successor(at(7)).is_empty(), "a job that no recipient knows");
        let many = (0..1_100).fold(notices, |notices, number| notices.of_successor(at(number)));
        assert_eq!((many.former(Recipient::Index).len(), many.former(Recipient::Index)[0]), (1_000, at(100)));
    }

    #[test]
    fn notices_are_stored_under_the_name_of_their_recipient() {
        let mut notices = Notices::default();
        notices.owe(Recipient::Index, 3, 7);
        let text = serde_json::to_string(&notices).unwrap();
        assert_eq!(text, r#"{"index":{"digest":7,"seq":3}}"#);
        assert_eq!(serde_json::from_str::<Notices>(&text).unwrap(), notices);
    }
}
