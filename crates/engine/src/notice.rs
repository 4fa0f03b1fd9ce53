//! Notices: what a job has to report to other objects about its changes.
//!
//! A change and the notice of it are one commit: the notice is a mark in the job's record, in the row that the commit writes
//! anyway, and an alarm is set for [eight seconds](crate::alarm::NOTICE_MS) later, unless one fires before. After the commit
//! the job calls the recipient, without delaying the response to its own caller. The call has the state of the job, not its
//! history, and the recipient ignores what it knows already, so a call may be repeated or come late. When the recipient has
//! answered, the mark is cleared in memory, and in storage with the next commit: an acknowledgement costs no written row but
//! that of the alarm, which is [put back](crate::alarm::PUT_BACK_MS) once for all changes since it was set. If the job is killed
//! before, the alarm makes the call again; if the call fails, the alarm is set to [a few
//! seconds](retry_ms) later, until the recipient answers. So a recipient never learns of a change that was not committed, and
//! learns of each that was.
//!
//! A job that is deleted leaves a [`Tombstone`] until every recipient knows.

use std::collections::BTreeMap;

use protocol::Timestamp;
use serde::{Deserialize, Serialize};

use crate::index::row::KEPT_MS;

/// Calls that may fail before the waits between them become longer.
const QUICK_RETRIES: u32 = 8;
/// The milliseconds until a call is made again.
const RETRY_MS: u64 = 4_000;
/// The milliseconds until a tombstone is looked at again whose recipient the deployment does not have.
const WITHOUT_RECIPIENT_MS: u64 = 86_400_000;
/// The longest wait.
const LONGEST_RETRY_MS: u64 = 60_000;
/// The jobs of one id, each replaced by the next one, that a recipient which does not answer has to forget. Past it, the oldest
/// are not named any more; their rows stay until they expire ([`crate::index::row::KEPT_MS`]).
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
    /// The object of the job's parent.
    Parent,
}

/// What one recipient has to learn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Notice {
    /// A number that differs if what the recipient shows of the job differs; 0 if the recipient was not notified of every change.
    digest: u64,
    /// The `seq` of the change that made the difference; 0 if the recipient was not notified of this job yet.
    seq: u64,
    /// Whether the recipient has acknowledged it, as far as this is known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_acknowledged: bool,
    /// When the jobs that this one has replaced were created, as far as the recipient may still know them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    former: Vec<Timestamp>,
    /// The object of the recipient, such as a shard.
    #[serde(skip_serializing_if = "String::is_empty")]
    place: String,
    /// The objects that were the recipient before, and that may still know the job.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    former_places: Vec<String>,
}

/// The notices of a job, one for each recipient.
///
/// ```
/// use engine::notice::{Notices, Recipient};
/// let mut notices = Notices::default();
/// assert!(notices.mark(Recipient::Index, "1/0", 1, 77));
/// assert!(!notices.mark(Recipient::Index, "1/0", 2, 77), "nothing that the index shows has changed");
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

    /// Marks that the recipient, which is now the object `place`, has to be notified of the change `seq`, unless `digest` says
    /// that it shows the same as before. Whether it has to. If it was another object before, that one has to forget the job.
    pub fn mark(&mut self, recipient: Recipient, place: &str, seq: u64, digest: u64) -> bool {
        if self.0.get(&recipient).is_some_and(|notice| notice.is_current(place) && notice.digest == digest) {
            return false;
        }
        let notice = self.0.entry(recipient).or_default();
        let former = std::mem::replace(&mut notice.place, place.to_owned());
        notice.former_places.extend(Some(former).filter(|former| !former.is_empty()));
        notice.former_places.retain(|former| former != place);
        (notice.digest, notice.seq, notice.is_acknowledged) = (digest, seq, false);
        true
    }

    /// Notes a change while the deployment does not have the recipient. One that was notified of the job before has to be
    /// notified again when the deployment has it.
    pub fn suspend(&mut self, recipient: Recipient) {
        if let Some(notice) = self.0.get_mut(&recipient) {
            (notice.digest, notice.is_acknowledged) = (0, false);
        }
    }

    /// Notes that every recipient may have forgotten what it was notified of. Whether there are any.
    pub fn suspend_all(&mut self) -> bool {
        let recipients = self.0.keys().copied().collect::<Vec<_>>();
        recipients.iter().for_each(|recipient| self.suspend(*recipient));
        !recipients.is_empty()
    }

    /// Whether the recipient, which is now the object `place`, knows less of the job than it was notified of once: the
    /// deployment did not have it for a time, or it was another object.
    pub fn is_outdated(&self, recipient: Recipient, place: &str) -> bool {
        self.0.get(&recipient).is_some_and(|notice| notice.seq > 0 && !notice.is_current(place))
    }

    /// Whether the recipient has to be notified.
    pub fn is_pending(&self, recipient: Recipient) -> bool {
        self.0.get(&recipient).is_some_and(|notice| !notice.is_acknowledged)
    }

    /// The recipients that have to be notified.
    pub fn pending(&self) -> impl Iterator<Item = Recipient> {
        self.0.iter().filter(|(_, notice)| !notice.is_acknowledged).map(|(recipient, _)| *recipient)
    }

    /// When the jobs were created that this one has replaced, as far as the recipient may still know them.
    pub fn former(&self, recipient: Recipient) -> &[Timestamp] {
        self.0.get(&recipient).map_or(&[], |notice| &notice.former)
    }

    /// The object that the recipient was at the last change; empty if it was never notified.
    pub fn place(&self, recipient: Recipient) -> &str {
        self.0.get(&recipient).map_or("", |notice| &notice.place)
    }

    /// An object that was the recipient before, and has to forget the job first.
    pub fn former_place(&self, recipient: Recipient) -> Option<&str> {
        self.0.get(&recipient)?.former_places.first().map(String::as_str)
    }

    /// Notes that an object which was the recipient before has forgotten the job.
    pub fn acknowledge_former(&mut self, recipient: Recipient, place: &str) {
        if let Some(notice) = self.0.get_mut(&recipient) {
            notice.former_places.retain(|former| former != place);
        }
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
            let Notice { seq, place, former_places, .. } = notice.clone();
            let mut former = notice.former.clone();
            // A job of which it was never notified need not be forgotten.
            former.extend((seq > 0).then_some(created_at));
            former.drain(..former.len().saturating_sub(MOST_FORMER));
            Notice { former, place, former_places, ..Notice::default() }
        };
        Notices(self.0.iter().map(|(recipient, notice)| (*recipient, succeed(notice))).collect())
    }
}

impl Notice {
    /// Whether the recipient is the object `place`, and was notified of every change.
    fn is_current(&self, place: &str) -> bool {
        self.seq > 0 && self.digest != 0 && self.place == place
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
    /// When the job was deleted.
    pub deleted_at: Timestamp,
    /// The notices; the deleted job is one of the former ones.
    pub notices: Notices,
}

impl Tombstone {
    /// Notes that the recipient knows that the job is deleted.
    pub fn acknowledge(&mut self, recipient: Recipient) {
        self.notices.acknowledge(recipient, 0);
    }

    /// When a deployment without the recipients looks at the tombstone again; `None` if by then they have forgotten the job by
    /// themselves, so that nobody needs it any more.
    pub fn retry_without_recipients(&self, now: Timestamp) -> Option<Timestamp> {
        let is_needed = now < self.deleted_at.plus_millis(KEPT_MS);
        is_needed.then(|| now.plus_millis(WITHOUT_RECIPIENT_MS))
    }
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
        notices.mark(Recipient::Index, "1/0", 3, 1);
        notices.mark(Recipient::Index, "1/0", 5, 2);
        notices.acknowledge(Recipient::Index, 4);
        assert!(notices.is_pending(Recipient::Index));
        notices.acknowledge(Recipient::Index, 5);
        assert_eq!(notices.pending().next(), None);
        assert!(notices.mark(Recipient::Index, "1/0", 6, 1));
        assert_eq!(notices.pending().collect::<Vec<_>>(), [Recipient::Index]);
    }

    #[test]
    fn the_former_jobs_are_named_until_the_recipient_has_answered() {
        let mut notices = Notices::default();
        notices.mark(Recipient::Index, "1/0", 1, 1);
        let mut next = notices.of_successor(at(7));
        next.mark(Recipient::Index, "1/0", 1, 1);
        let mut successor = next.of_successor(at(8));
        // A job of which the index was never notified is not named.
        assert_eq!(successor.of_successor(at(9)).former(Recipient::Index), [at(7), at(8)]);
        assert_eq!(successor.former(Recipient::Index), [at(7), at(8)]);
        assert!(successor.mark(Recipient::Index, "1/0", 1, 0), "also if the digest is that of no notice");
        successor.acknowledge(Recipient::Index, 1);
        assert_eq!(successor.former(Recipient::Index), []);
        assert!(Notices::default().of_successor(at(7)).is_empty(), "a job that no recipient knows");
        let many = (0..1_100).fold(notices, |notices, number| {
            let mut successor = notices.of_successor(at(number));
            successor.mark(Recipient::Index, "1/0", 1, 1);
            successor
        });
        assert_eq!((many.former(Recipient::Index).len(), many.former(Recipient::Index)[0]), (1_000, at(100)));
    }

    #[test]
    fn what_changes_while_the_index_is_off_is_notified_when_it_is_on_again() {
        let mut notices = Notices::default();
        notices.suspend(Recipient::Index);
        assert!(notices.is_empty(), "a job that is created while it is off");
        notices.mark(Recipient::Index, "1/0", 1, 7);
        notices.acknowledge(Recipient::Index, 1);
        assert!(!notices.is_outdated(Recipient::Index, "1/0"));
        notices.suspend(Recipient::Index);
        assert!(notices.is_outdated(Recipient::Index, "1/0"));
        assert!(
            notices.of_successor(at(5)).former(Recipient::Index) == [at(5)],
            "the row of a job that is deleted meanwhile"
        );
        assert!(notices.mark(Recipient::Index, "1/0", 4, 7), "also if the job is as it was");
        assert!(notices.is_pending(Recipient::Index) && !notices.is_outdated(Recipient::Index, "1/0"));
    }

    #[test]
    fn a_shard_that_is_not_the_one_of_a_job_any_more_forgets_it_first() {
        let mut notices = Notices::default();
        notices.mark(Recipient::Index, "1/0", 1, 7);
        notices.acknowledge(Recipient::Index, 1);
        assert!(notices.is_outdated(Recipient::Index, "16/3"));
        assert!(notices.mark(Recipient::Index, "16/3", 2, 7));
        assert_eq!((notices.place(Recipient::Index), notices.former_place(Recipient::Index)), ("16/3", Some("1/0")));
        assert_eq!(notices.of_successor(at(5)).former_place(Recipient::Index), Some("1/0"));
        notices.mark(Recipient::Index, "4/1", 3, 7);
        notices.acknowledge_former(Recipient::Index, "1/0");
        assert_eq!(notices.former_place(Recipient::Index), Some("16/3"));
        notices.mark(Recipient::Index, "16/3", 4, 7);
        assert_eq!(notices.former_place(Recipient::Index), Some("4/1"), "a shard that is the one again keeps the job");
    }

    #[test]
    fn each_recipient_has_its_own_notice() {
        let mut notices = Notices::default();
        notices.mark(Recipient::Parent, "book", 1, 5);
        notices.mark(Recipient::Index, "1/0", 1, 7);
        assert_eq!(notices.pending().collect::<Vec<_>>(), [Recipient::Index, Recipient::Parent]);
        notices.acknowledge(Recipient::Index, 1);
        assert_eq!(notices.pending().collect::<Vec<_>>(), [Recipient::Parent]);
        // A job without a parent, in the place of one that had one, still has to notify that.
        let mut successor = notices.of_successor(at(5));
        successor.mark(Recipient::Index, "1/0", 1, 7);
        successor.acknowledge(Recipient::Index, 1);
        assert_eq!(
            (successor.place(Recipient::Parent), successor.former(Recipient::Parent)),
            ("book", [at(5)].as_slice())
        );
        assert!(successor.is_pending(Recipient::Parent));
        successor.acknowledge(Recipient::Parent, 1);
        assert_eq!(successor.pending().next(), None);
        assert_eq!(successor.of_successor(at(9)).former(Recipient::Parent), [], "it was no child");
    }

    #[test]
    fn a_tombstone_is_kept_without_an_index_until_the_row_has_expired() {
        let tombstone = Tombstone {
            job_id: "a".to_owned(),
            project: "acme".to_owned(),
            created_at: at(0),
            deleted_at: at(1_000),
            notices: Notices::default(),
        };
        assert_eq!(tombstone.retry_without_recipients(at(1_000)), Some(at(1_000 + WITHOUT_RECIPIENT_MS)));
        assert!(tombstone.retry_without_recipients(at(999 + KEPT_MS)).is_some());
        assert_eq!(tombstone.retry_without_recipients(at(1_000 + KEPT_MS)), None);
    }

    #[test]
    fn notices_are_stored_under_the_name_of_their_recipient() {
        let mut notices = Notices::default();
        notices.mark(Recipient::Index, "1/0", 3, 7);
        let text = serde_json::to_string(&notices).unwrap();
        assert_eq!(text, r#"{"index":{"digest":7,"seq":3,"place":"1/0"}}"#);
        assert_eq!(serde_json::from_str::<Notices>(&text).unwrap(), notices);
    }
}
