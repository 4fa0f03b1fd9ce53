//! The alarm of an object: the platform has one, which deadlines, deliveries and notices share.
//!
//! The record of a job names the time that its deadlines and deliveries need ([`crate::deadline`]). The platform's alarm can be
//! earlier, for a notice; this module remembers when it fires, so that setting it for one purpose does not lose it for another.
//! It is never later than the record says, so an object that comes into memory need not know it.

use protocol::Timestamp;

/// The milliseconds from a change to the alarm that repeats its notice. The call is made at once, so the alarm is for objects
/// that were killed meanwhile; the changes until then share it.
pub const NOTICE_MS: u64 = 8_000;

/// The milliseconds from a call that was answered until the alarm is put back to the time that deadlines need. The changes until
/// then cost that once; but an object that waits is in memory, and the time in memory costs more than a row.
pub const PUT_BACK_MS: u64 = 3_000;

/// When the alarm of the platform fires, as far as it was set since the object came into memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alarm(Option<Timestamp>);

/// What a commit needs an alarm for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The new time for deadlines and deliveries; `None` if the stored one can stay.
    pub deadline: Option<Timestamp>,
    /// The time that the record has named before.
    pub stored: Option<Timestamp>,
    /// Whether the commit made a notice.
    pub is_notice_new: bool,
    /// Whether a notice is pending, of this commit or of an earlier one.
    pub is_notice_pending: bool,
}

impl Alarm {
    /// The time for which a commit at `now` has to set the alarm; `None` if the one that is set is early enough.
    ///
    /// ```
    /// use engine::alarm::{Alarm, NOTICE_MS, Needs};
    /// use protocol::Timestamp;
    /// let (mut alarm, now) = (Alarm::default(), Timestamp::from_millis(0));
    /// let needs = Needs { is_notice_new: true, is_notice_pending: true, ..Needs::default() };
    /// assert_eq!(alarm.on_commit(needs, now), Some(now.plus_millis(NOTICE_MS)));
    /// assert_eq!(alarm.on_commit(needs, now.plus_millis(1)), None, "the next change shares it");
    /// ```
    pub fn on_commit(&mut self, needs: Needs, now: Timestamp) -> Option<Timestamp> {
        let Needs { deadline, stored, is_notice_new, is_notice_pending } = needs;
        // A report that makes no notice leaves the alarm of an earlier one, but must not replace it by a later alarm.
        let needs_notice = is_notice_pending && (is_notice_new || deadline.is_some());
        let notice = needs_notice.then(|| now.plus_millis(NOTICE_MS));
        let needed = deadline.into_iter().chain(notice).min()?;
        let known = self.0.or(stored.filter(|_| deadline.is_none()));
        self.set_unless(known, needed, now)
    }

    /// The time for which the alarm has to be set so that it fires at `at` at the latest; `None` if it does already.
    pub fn bring_forward(&mut self, at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        self.set_unless(self.0, at, now)
    }

    /// The time for which the alarm has to be set if `needed` is its only purpose now; `None` if it is not earlier. An object that
    /// the alarm does not wake costs nothing.
    ///
    /// ```
    /// use engine::alarm::Alarm;
    /// use protocol::Timestamp;
    /// let (mut alarm, at) = (Alarm::default(), Timestamp::from_millis);
    /// alarm.set(at(8_000));
    /// assert_eq!(alarm.put_back(at(90_000)), Some(at(90_000)));
    /// assert_eq!(alarm.put_back(at(90_000)), None);
    /// ```
    pub fn put_back(&mut self, needed: Timestamp) -> Option<Timestamp> {
        self.0.filter(|at| *at < needed)?;
        self.0 = Some(needed);
        Some(needed)
    }

    fn set_unless(&mut self, known: Option<Timestamp>, needed: Timestamp, now: Timestamp) -> Option<Timestamp> {
        // One that is late may have been lost.
        if known.is_some_and(|known| known > now && known <= needed) {
            return None;
        }
        self.0 = Some(needed);
        Some(needed)
    }

    /// Notes that the alarm was set for this time.
    pub fn set(&mut self, at: Timestamp) {
        self.0 = Some(at);
    }

    /// Notes that the alarm has fired, or was deleted.
    pub fn clear(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: u64 = 30 * 86_400;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn deadline(second: u64) -> Needs {
        Needs { deadline: Some(at(second)), ..Needs::default() }
    }

    fn notice() -> Needs {
        Needs { stored: Some(at(MONTH)), is_notice_new: true, is_notice_pending: true, ..Needs::default() }
    }

    #[test]
    fn a_deadline_that_is_set_later_does_not_lose_the_alarm_of_a_notice() {
        let mut alarm = Alarm::default();
        let created = Needs { deadline: Some(at(MONTH)), stored: None, ..notice() };
        assert_eq!(alarm.on_commit(created, at(0)), Some(at(8)));
        // The index has acknowledged the creation when the report comes that sets a heartbeat timeout of a day.
        assert_eq!(alarm.on_commit(deadline(86_401), at(1)), None);
        // The index fails from here on.
        assert_eq!(alarm.on_commit(notice(), at(2)), None, "the alarm at 8 s still fires");
        assert_eq!(alarm.bring_forward(at(6), at(2)), Some(at(6)));
        assert_eq!(alarm.bring_forward(at(10), at(3)), None);
        alarm.clear();
        assert_eq!(alarm.on_commit(notice(), at(7)), Some(at(15)));
    }

    #[test]
    fn a_deadline_before_the_notice_brings_the_alarm_forward_and_repeats_the_notice_too() {
        let mut alarm = Alarm::default();
        assert_eq!(alarm.on_commit(notice(), at(0)), Some(at(8)));
        assert_eq!(alarm.on_commit(deadline(5), at(1)), Some(at(5)));
        assert_eq!(alarm.on_commit(notice(), at(2)), None);
    }

    #[test]
    fn an_object_that_comes_into_memory_keeps_the_notice_of_its_former_life() {
        // The alarm of the platform may be that of the pending notice, or only that of the record.
        let pending = Needs { is_notice_pending: true, ..deadline(86_400) };
        assert_eq!(Alarm::default().on_commit(pending, at(100)), Some(at(108)));
        let plain = Needs { deadline: None, is_notice_new: false, ..notice() };
        assert_eq!(Alarm::default().on_commit(plain, at(100)), None, "an ordinary report sets no alarm");
        assert_eq!(Alarm::default().on_commit(notice(), at(100)), Some(at(108)));
        let soon = Needs { stored: Some(at(105)), ..notice() };
        assert_eq!(Alarm::default().on_commit(soon, at(100)), None);
    }

    #[test]
    fn an_alarm_that_should_have_fired_is_set_again() {
        let mut alarm = Alarm::default();
        alarm.set(at(30));
        assert_eq!(alarm.on_commit(notice(), at(30)), Some(at(38)));
        assert_eq!(alarm.on_commit(deadline(MONTH), at(70)), Some(at(MONTH)));
    }
}
