//! The pace of broadcasts: when a committed change is sent to the viewers of a job, so that a fast producer or large
//! documents do not flood them.

use std::{collections::HashMap, hash::Hash};

use protocol::limits::LIST_BROADCAST_BYTES;

/// The interval in milliseconds after a small broadcast to few viewers. Ten broadcasts per second are more than an eye can
/// follow.
pub const INTERVAL_MS: u64 = 100;
/// How many milliseconds longer than the interval a change may wait for a newer one to replace it.
pub const EXTRA_WAIT_MS: u64 = 50;
/// The maximum number of frames per second that one object sends: with more viewers it broadcasts less often.
pub const FRAMES_PER_SECOND: u64 = 4_000;
/// The maximum number of bytes per second that one object sends to all viewers. What is sent waits in memory until it is
/// read, in the object and in the edge.
pub const BYTES_PER_SECOND: u64 = 16 * 1024 * 1024;
/// How many milliseconds of later intervals urgent changes may use up in advance, at least: with the shortest interval,
/// three urgent changes in a row are sent at once.
const ADVANCE_MS: u64 = 2 * INTERVAL_MS;

/// When a change is broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// At once.
    Now,
    /// After this many milliseconds, together with later changes. It replaces a broadcast that was planned for later.
    In(u64),
    /// With the broadcast that is planned already.
    Planned,
}

/// The maximum number of viewers as which one reader (a token at an address) counts for the pace. A reader with many
/// streams must not make the others wait; for it, the limits per second may be exceeded five times.
pub const VIEWERS_PER_READER: usize = 100;

/// The number of viewers that set the pace, where each viewer is given by its reader; `None` is a reader that is not
/// limited.
///
/// ```
/// use engine::pace::counted_viewers;
/// let one = std::iter::repeat_n(Some(1), 500);
/// assert_eq!(counted_viewers(one.chain([Some(2), None, None])), 103);
/// ```
pub fn counted_viewers<R: Eq + Hash>(readers: impl IntoIterator<Item = Option<R>>) -> usize {
    let (mut counted, mut viewers) = (0_usize, HashMap::new());
    for reader in readers {
        let of_reader = reader.map_or(1, |reader| {
            let of_reader: &mut usize = viewers.entry(reader).or_default();
            *of_reader = of_reader.saturating_add(1);
            *of_reader
        });
        counted = counted.saturating_add(usize::from(of_reader <= VIEWERS_PER_READER));
    }
    counted
}

/// Whether the interval after a broadcast of `bytes` to this many viewers may depend on whose they are.
pub fn depends_on_readers(viewers: usize, bytes: usize) -> bool {
    viewers > VIEWERS_PER_READER && interval_ms(viewers, bytes) > INTERVAL_MS
}

/// The interval in milliseconds after a broadcast of `bytes` to each of `viewers`.
///
/// ```
/// use engine::pace::interval_ms;
/// assert_eq!(interval_ms(1, 1_000), 100);
/// assert_eq!(interval_ms(2_000, 1_000), 500);
/// assert_eq!(interval_ms(1_000, 120_000), 7_152);
/// ```
pub fn interval_ms(viewers: usize, bytes: usize) -> u64 {
    let [viewers, bytes] = [viewers, bytes].map(|number| u64::try_from(number).unwrap_or(u64::MAX));
    let by_frames = viewers.saturating_mul(1000) / FRAMES_PER_SECOND;
    let by_bytes = viewers.saturating_mul(bytes).saturating_mul(1000) / BYTES_PER_SECOND;
    by_frames.max(by_bytes).max(INTERVAL_MS)
}

/// Whether a broadcast of `bytes` to each of `viewers` is so large that their streams end instead, and begin anew with what they
/// show: it would be in memory as a whole. The interval after a broadcast of changed rows grows with their number, and their
/// number with the interval, so without this both could grow without an end.
///
/// ```
/// use engine::pace::is_too_large;
/// assert!(!is_too_large(1_024, 65_536));
/// assert!(is_too_large(1_024, 65_537));
/// ```
pub fn is_too_large(viewers: usize, bytes: usize) -> bool {
    viewers.saturating_mul(bytes) > LIST_BROADCAST_BYTES
}

/// The pace of one job.
///
/// Times are of the wall clock, which may be set back. A last time that lies ahead means that it was, and the pace begins
/// anew. If the caller's timer fires late, the next change is sent at once all the same.
///
/// ```
/// use engine::pace::{Broadcast, Pace};
/// let mut pace = Pace::default();
/// assert_eq!(pace.on_change(false, 1_000), Broadcast::Now);
/// pace.on_broadcast(1_000, 100);
/// // Twenty changes per second: the second one waits for the third, which replaces it and is sent at once.
/// assert_eq!(pace.on_change(false, 1_050), Broadcast::In(100));
/// assert_eq!(pace.on_change(false, 1_101), Broadcast::Now);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// When the job last changed, in milliseconds.
    change_ms: Option<u64>,
    /// When it was last broadcast.
    broadcast_ms: Option<u64>,
    /// The interval after that broadcast.
    interval_ms: u64,
    /// When the intervals of all broadcasts so far are over, if they follow one another.
    used_until_ms: u64,
    /// When the next broadcast is planned.
    due_ms: Option<u64>,
}

impl Pace {
    /// When a change that was committed at `now_ms` is broadcast.
    ///
    /// A change within the interval after the last broadcast waits for its end, or up to [`EXTRA_WAIT_MS`] longer if the
    /// next change is expected at that time: viewers should get a fresh change and not the one that has waited longest.
    /// An `urgent` change (a new status, the end) is sent at once if few of them were lately, and never later than at the
    /// end of the interval. In the long run there is one broadcast per interval, whatever changes.
    pub fn on_change(&mut self, urgent: bool, now_ms: u64) -> Broadcast {
        self.forget_future(now_ms);
        let gap = self.change_ms.replace(now_ms).map_or(u64::MAX, |change| now_ms.saturating_sub(change));
        let Some(last) = self.broadcast_ms else { return Broadcast::Now };
        let interval_end = last.saturating_add(self.interval_ms);
        let allowed_at = match urgent {
            true => interval_end.min(self.used_until_ms.saturating_sub(self.advance_ms())),
            false => interval_end,
        };
        let rest = allowed_at.saturating_sub(now_ms);
        let next_is_due = gap <= rest.saturating_add(rest / 2);
        let wait = match rest {
            0 => return Broadcast::Now,
            rest if next_is_due && !urgent => rest.saturating_add(gap.min(EXTRA_WAIT_MS)),
            rest => rest,
        };
        let due = now_ms.saturating_add(wait);
        // Only an urgent change brings the planned broadcast forward; it may wait longer to carry a fresh change.
        if self.due_ms.is_some_and(|planned| !urgent || planned <= due) {
            return Broadcast::Planned;
        }
        self.due_ms = Some(due);
        Broadcast::In(wait)
    }

    /// Notes a broadcast, after which the job waits for `interval_ms`.
    pub fn on_broadcast(&mut self, now_ms: u64, interval_ms: u64) {
        self.forget_future(now_ms);
        self.broadcast_ms = Some(now_ms);
        self.interval_ms = interval_ms;
        self.used_until_ms = self.used_until_ms.max(now_ms).saturating_add(interval_ms);
        self.due_ms = None;
    }

    /// Whether the planned broadcast should have been made: the timer for it is late.
    pub fn is_overdue(&self, now_ms: u64) -> bool {
        let clock_was_set_back = self.broadcast_ms.is_some_and(|last| last > now_ms);
        self.due_ms.is_some_and(|due| clock_was_set_back || due.saturating_add(INTERVAL_MS) < now_ms)
    }

    /// How far ahead urgent changes may use up intervals.
    fn advance_ms(&self) -> u64 {
        self.interval_ms.max(ADVANCE_MS)
    }

    /// Begins anew if the clock was set back behind the last broadcast.
    fn forget_future(&mut self, now_ms: u64) {
        if self.broadcast_ms.is_some_and(|last| last > now_ms) {
            *self = Pace::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A job whose broadcasts are simulated millisecond by millisecond.
    #[derive(Default)]
    struct Simulation {
        pace: Pace,
        timer_ms: Option<u64>,
        last_change_ms: u64,
        /// The time of each broadcast, and the age of the change that it carried.
        sent: Vec<(u64, u64)>,
    }

    impl Simulation {
        fn step(&mut self, now: u64, change: Option<bool>, interval: u64) {
            if self.timer_ms == Some(now) {
                self.broadcast(now, interval);
            }
            let Some(urgent) = change else { return };
            self.last_change_ms = now;
            match self.pace.on_change(urgent, now) {
                Broadcast::Now => self.broadcast(now, interval),
                Broadcast::In(millis) => self.timer_ms = Some(now + millis),
                Broadcast::Planned => assert!(self.timer_ms.is_some()),
            }
        }

        fn broadcast(&mut self, now: u64, interval: u64) {
            self.pace.on_broadcast(now, interval);
            self.timer_ms = None;
            self.sent.push((now, now - self.last_change_ms));
        }
    }

    fn after_a_broadcast(at: u64, interval: u64) -> Pace {
        let mut pace = Pace::default();
        assert_eq!(pace.on_change(false, at), Broadcast::Now);
        pace.on_broadcast(at, interval);
        pace
    }

    #[test]
    fn the_interval_grows_with_the_viewers_and_with_the_bytes_that_they_are_sent() {
        assert_eq!(interval_ms(0, 0), INTERVAL_MS);
        assert_eq!(interval_ms(400, 4_096), INTERVAL_MS);
        assert_eq!(interval_ms(4_000, 4_096), 1_000);
        assert_eq!(interval_ms(1_000, 16 * 1024), 976);
        assert!(interval_ms(usize::MAX, usize::MAX) > 0);
    }

    #[test]
    fn the_places_of_one_reader_do_not_set_the_pace_of_the_others() {
        let viewers = std::iter::repeat_n(Some(1), 20_000).chain((2..=201).map(Some));
        assert_eq!(interval_ms(counted_viewers(viewers), 1_000), INTERVAL_MS);
        // The viewers of different readers, and those of keys, do.
        assert_eq!(interval_ms(counted_viewers((0..2_000).map(Some)), 1_000), 500);
        assert_eq!(interval_ms(counted_viewers(std::iter::repeat_n(None::<u64>, 2_000)), 1_000), 500);
        assert!(!depends_on_readers(400, 1_000) && depends_on_readers(404, 1_000));
        assert!(!depends_on_readers(100, 1_000_000) && depends_on_readers(101, 1_000_000));
    }

    #[test]
    fn a_change_within_the_interval_waits_for_its_end() {
        let first = after_a_broadcast(1_000, 100);
        let on_change = |now| {
            let mut pace = first;
            pace.on_change(false, now)
        };
        assert_eq!(on_change(1_060), Broadcast::In(90));
        assert_eq!(on_change(1_070), Broadcast::In(30));
        assert_eq!(on_change(1_100), Broadcast::Now);
        assert_eq!(after_a_broadcast(1_000, 500).on_change(false, 1_400), Broadcast::In(100));
    }

    #[test]
    fn no_change_waits_longer_than_the_interval_and_the_extra_wait() {
        for now in 0..500 {
            if let Broadcast::In(millis) = after_a_broadcast(0, 100).on_change(false, now) {
                assert!(now + millis <= INTERVAL_MS + EXTRA_WAIT_MS, "{now}: {millis}");
            }
        }
    }

    #[test]
    fn the_viewers_of_a_steady_producer_get_fresh_changes_at_any_rate() {
        for gap in [1_u64, 3, 10, 20, 25, 33, 50] {
            let mut job = Simulation::default();
            for now in 0..2_000 {
                job.step(now, (now % gap == 0).then_some(false), 100);
            }
            assert!((15..=20).contains(&job.sent.len()), "{gap}: {:?}", job.sent);
            assert!(job.sent.iter().all(|(_, age)| *age <= 5), "{gap}: {:?}", job.sent);
        }
    }

    #[test]
    fn a_new_status_is_sent_at_once_beside_a_steady_producer() {
        for interval in [100, 500, 7_000] {
            let mut pace = after_a_broadcast(1_000, interval);
            assert!(matches!(pace.on_change(false, 1_020), Broadcast::In(_)));
            assert_eq!(pace.on_change(true, 1_040), Broadcast::Now, "{interval}");
        }
    }

    #[test]
    fn a_status_that_toggles_a_hundred_times_a_second_makes_ten_frames_a_second() {
        for (urgent_every, interval) in [(1, 100), (1, 1_000), (3, 100)] {
            let mut job = Simulation::default();
            for now in 0..10_000 {
                let change = (now % 10 == 0).then_some(now / 10 % urgent_every == 0);
                job.step(now, change, interval);
            }
            let expected = 10_000 / interval;
            let sent = u64::try_from(job.sent.len()).unwrap();
            assert!((expected * 8 / 10..=expected + 3).contains(&sent), "{urgent_every} {interval}: {sent}");
        }
    }

    #[test]
    fn the_end_is_sent_within_one_interval_whatever_came_before() {
        for end in 0..300 {
            let mut job = Simulation::default();
            for now in 0..=end {
                job.step(now, (now % 3 == 0 || now == end).then_some(true), 100);
            }
            (end + 1..=end + INTERVAL_MS).for_each(|now| job.step(now, None, 100));
            assert!(job.sent.last().unwrap().0 >= end, "{end}: {:?}", job.sent);
        }
    }

    #[test]
    fn an_urgent_change_brings_the_planned_broadcast_forward() {
        let mut pace = after_a_broadcast(0, 100);
        for now in [10, 20] {
            assert_eq!(pace.on_change(true, now), Broadcast::Now);
            pace.on_broadcast(now, 100);
        }
        assert_eq!(pace.on_change(false, 60), Broadcast::In(100));
        assert_eq!(pace.on_change(true, 65), Broadcast::In(35));
        assert_eq!(pace.on_change(false, 66), Broadcast::Planned);
    }

    #[test]
    fn a_clock_set_back_delays_no_change() {
        for back in [1, 5_000, 3_600_000] {
            let mut pace = after_a_broadcast(10_000_000, 100);
            assert!(matches!(pace.on_change(false, 10_000_010), Broadcast::In(_)));
            let now = 10_000_000 - back;
            assert!(pace.is_overdue(now));
            assert_eq!(pace.on_change(false, now), Broadcast::Now);
            pace.on_broadcast(now, 100);
            assert!(matches!(pace.on_change(false, now + 10), Broadcast::In(_)));
            assert!(!pace.is_overdue(now + 160));
            // The timer does not fire; a later change is sent all the same.
            assert!(pace.is_overdue(now + 400));
            assert_eq!(pace.on_change(false, now + 400), Broadcast::Now);
        }
    }
}
