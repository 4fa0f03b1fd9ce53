//! The pace of broadcasts: when a committed change is sent to the viewers of a job, so that a fast producer does not
//! flood them.

/// The interval in milliseconds between two broadcasts of a job with few viewers. Ten per second are more than an eye
/// can follow.
pub const INTERVAL_MS: u64 = 100;
/// How many milliseconds longer than that a change may wait for a newer one to replace it.
pub const EXTRA_WAIT_MS: u64 = 50;
/// The maximum number of frames per second that one object sends: with more viewers it broadcasts less often.
pub const FRAMES_PER_SECOND: u64 = 4_000;

/// When a change is broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// At once.
    Now,
    /// After this many milliseconds, together with later changes.
    In(u64),
}

/// The interval in milliseconds between two broadcasts to this many viewers.
///
/// ```
/// use engine::pace::interval_ms;
/// assert_eq!(interval_ms(1), 100);
/// assert_eq!(interval_ms(2_000), 500);
/// ```
pub fn interval_ms(viewers: usize) -> u64 {
    let viewers = u64::try_from(viewers).unwrap_or(u64::MAX);
    (viewers.saturating_mul(1000) / FRAMES_PER_SECOND).max(INTERVAL_MS)
}

/// The times of the last broadcast and the last change of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// When it was last broadcast, in milliseconds.
    pub broadcast_ms: Option<u64>,
    /// When it last changed, in milliseconds.
    pub change_ms: Option<u64>,
}

/// When a change that was committed at `now_ms` is broadcast to `viewers`.
///
/// `urgent` changes (a new status, the end) never wait. Any other change within the interval waits for its end, or up
/// to [`EXTRA_WAIT_MS`] longer if the next change is expected at that time: viewers should get a fresh change and not
/// the one that has waited longest.
///
/// ```
/// use engine::pace::{Before, Broadcast, when};
/// // Twenty changes per second: the second one waits for the third, which replaces it and is sent at once.
/// let before = Before { broadcast_ms: Some(1_000), change_ms: Some(1_000) };
/// assert_eq!(when(false, 1_050, before, 1), Broadcast::In(100));
/// let before = Before { change_ms: Some(1_050), ..before };
/// assert_eq!(when(false, 1_101, before, 1), Broadcast::Now);
/// ```
pub fn when(urgent: bool, now_ms: u64, before: Before, viewers: usize) -> Broadcast {
    let interval = interval_ms(viewers);
    let rest = match before.broadcast_ms {
        _ if urgent => 0,
        None => 0,
        // A clock that was set back must not delay a change by more than one interval.
        Some(last) => interval.saturating_sub(now_ms.saturating_sub(last)),
    };
    let gap = before.change_ms.map_or(u64::MAX, |change| now_ms.saturating_sub(change));
    let next_is_due = gap <= rest.saturating_add(rest / 2);
    match rest {
        0 => Broadcast::Now,
        rest if next_is_due => Broadcast::In(rest.saturating_add(gap.min(EXTRA_WAIT_MS))),
        rest => Broadcast::In(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(broadcast_ms: u64, change_ms: u64) -> Before {
        Before { broadcast_ms: Some(broadcast_ms), change_ms: Some(change_ms) }
    }

    #[test]
    fn the_first_change_and_every_urgent_one_are_sent_at_once() {
        assert_eq!(when(false, 5, Before::default(), 1), Broadcast::Now);
        assert_eq!(when(true, 5, after(5, 5), 20_000), Broadcast::Now);
    }

    #[test]
    fn a_change_within_the_interval_waits_for_its_end() {
        assert_eq!(when(false, 1_060, after(1_000, 1_000), 1), Broadcast::In(90));
        assert_eq!(when(false, 1_070, after(1_000, 1_000), 1), Broadcast::In(30));
        assert_eq!(when(false, 1_100, after(1_000, 1_000), 1), Broadcast::Now);
        assert_eq!(when(false, 1_100, after(1_000, 0), 2_000), Broadcast::In(400));
    }

    #[test]
    fn no_change_waits_longer_than_the_interval_and_the_extra_wait() {
        for now in 0..500 {
            for change in 0..=now {
                if let Broadcast::In(millis) = when(false, now, after(0, change), 1) {
                    assert!(now + millis <= INTERVAL_MS + EXTRA_WAIT_MS, "{now} {change}: {millis}");
                }
            }
        }
    }

    #[test]
    fn the_viewers_of_a_steady_producer_get_fresh_changes_at_any_rate() {
        for gap in [1_u64, 3, 10, 20, 25, 33, 50] {
            let (mut before, mut timer, mut sent) = (Before::default(), None, Vec::new());
            for now in 0..2_000 {
                if timer == Some(now) {
                    sent.push(now - before.change_ms.unwrap());
                    (before.broadcast_ms, timer) = (Some(now), None);
                }
                if now % gap == 0 {
                    match when(false, now, before, 1) {
                        Broadcast::Now => {
                            sent.push(0);
                            (before.broadcast_ms, timer) = (Some(now), None);
                        }
                        Broadcast::In(millis) => timer = timer.or(Some(now + millis)),
                    }
                    before.change_ms = Some(now);
                }
            }
            assert!((15..=20).contains(&sent.len()), "{gap}: {sent:?}");
            assert!(sent.iter().all(|age| *age <= 5), "{gap}: {sent:?}");
        }
    }

    #[test]
    fn a_clock_set_back_delays_no_change_by_more_than_one_interval() {
        assert_eq!(when(false, 0, after(1_000_000, u64::MAX), 1), Broadcast::In(INTERVAL_MS));
    }
}
