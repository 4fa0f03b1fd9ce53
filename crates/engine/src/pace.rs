//! The pace of broadcasts: a fast producer becomes a calm stream.

/// Milliseconds between two broadcasts of a job with few viewers: ten a second are more than an eye can use.
pub const INTERVAL_MS: u64 = 100;
/// Frames a second that one object sends at most, whatever its viewers: with more viewers it broadcasts less often.
pub const FRAMES_PER_SECOND: u64 = 4_000;

/// When a change goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// At once.
    Now,
    /// In so many milliseconds, together with what comes until then.
    In(u64),
}

/// Milliseconds between two broadcasts to so many viewers.
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

/// When a change that was committed at `now_ms` goes to `viewers`, the last broadcast having been at `last_ms`.
///
/// `urgent` changes (a new state, the end) never wait.
pub fn when(urgent: bool, now_ms: u64, last_ms: Option<u64>, viewers: usize) -> Broadcast {
    let interval = interval_ms(viewers);
    match last_ms {
        _ if urgent => Broadcast::Now,
        None => Broadcast::Now,
        // A clock that was set back must not hold a change for longer than one interval.
        Some(last) => match interval.saturating_sub(now_ms.saturating_sub(last)) {
            0 => Broadcast::Now,
            rest => Broadcast::In(rest),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_change_and_every_new_state_go_at_once() {
        assert_eq!(when(false, 5, None, 1), Broadcast::Now);
        assert_eq!(when(true, 5, Some(5), 20_000), Broadcast::Now);
    }

    #[test]
    fn a_change_within_the_interval_waits_for_its_end() {
        assert_eq!(when(false, 1_040, Some(1_000), 1), Broadcast::In(60));
        assert_eq!(when(false, 1_100, Some(1_000), 1), Broadcast::Now);
        assert_eq!(when(false, 1_100, Some(1_000), 2_000), Broadcast::In(400));
    }

    #[test]
    fn a_clock_set_back_holds_no_change_for_longer_than_one_interval() {
        assert_eq!(when(false, 0, Some(1_000_000), 1), Broadcast::In(INTERVAL_MS));
    }
}
