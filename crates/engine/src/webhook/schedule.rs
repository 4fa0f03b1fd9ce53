//! When a delivery is tried again.

use protocol::Timestamp;

/// The seconds from a failed try to the next one; after the last one the delivery has failed. It is the schedule that
/// Standard Webhooks recommends, with two early tries more.
pub const RETRY_SECONDS: [u64; 10] = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// The longest wait in seconds that a `Retry-After` can ask for.
const MOST_RETRY_AFTER: u64 = 86_400;

/// How long a try waits beyond the schedule: up to a tenth, so that the deliveries of many jobs do not come together.
const JITTER: f64 = 0.1;

/// The pace of the schedule: 1 for real time, less in tests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale(f64);

impl Default for Scale {
    fn default() -> Scale {
        Scale(1.0)
    }
}

impl Scale {
    /// Reads the setting `JOB_PROGRESS_RETRY_SCALE`, which only a development server has.
    pub fn configure(setting: impl Fn(&str) -> Option<String>) -> Scale {
        let dev = setting("JOB_PROGRESS_DEV").is_some_and(|dev| dev == "1");
        let scale = setting("JOB_PROGRESS_RETRY_SCALE").filter(|_| dev).and_then(|scale| scale.parse().ok());
        scale.filter(|scale| (0.0..=1.0).contains(scale)).map_or_else(Scale::default, Scale)
    }

    fn millis(self, seconds: f64) -> u64 {
        (seconds * 1000.0 * self.0).max(0.0) as u64
    }
}

/// The time of the next try after `tries` failed ones; `None` if there is none. `random` is from 0 to 1; `retry_after` are
/// the seconds that the receiver asked for.
///
/// ```
/// use engine::webhook::schedule::{Scale, next_try};
/// use protocol::Timestamp;
/// let now = Timestamp::from_millis(0);
/// assert_eq!(next_try(1, None, now, 0.0, Scale::default()), Some(Timestamp::from_millis(5_000)));
/// assert_eq!(next_try(1, Some(30), now, 0.0, Scale::default()), Some(Timestamp::from_millis(30_000)));
/// assert_eq!(next_try(11, None, now, 0.0, Scale::default()), None);
/// ```
pub fn next_try(tries: u32, retry_after: Option<u64>, now: Timestamp, random: f64, scale: Scale) -> Option<Timestamp> {
    let index = usize::try_from(tries).ok()?.checked_sub(1)?;
    let seconds = *RETRY_SECONDS.get(index)?;
    let wished = retry_after.unwrap_or_default().min(MOST_RETRY_AFTER);
    let seconds = seconds.max(wished) as f64;
    Some(now.plus_millis(scale.millis(seconds * (1.0 + JITTER * random.clamp(0.0, 1.0)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tries_of_a_delivery_extend_over_three_days() {
        let mut now = Timestamp::from_millis(0);
        let mut tries = 1;
        while let Some(next) = next_try(tries, None, now, 1.0, Scale::default()) {
            let seconds = RETRY_SECONDS[tries as usize - 1];
            let waited = next.millis() - now.millis();
            assert!((seconds * 1000..=seconds * 1100).contains(&waited), "{seconds}: {waited}");
            (now, tries) = (next, tries + 1);
        }
        assert_eq!(tries, 11);
        assert!((3 * 86_400_000..4 * 86_400_000).contains(&now.millis()), "{now:?}");
    }

    #[test]
    fn a_receiver_can_ask_for_a_longer_wait_up_to_a_day_and_for_no_shorter_one() {
        let at = |retry_after| next_try(2, retry_after, Timestamp::from_millis(0), 0.0, Scale::default());
        assert_eq!(at(Some(1)), at(None));
        assert_eq!(at(Some(600)), Some(Timestamp::from_millis(600_000)));
        assert_eq!(at(Some(u64::MAX)), Some(Timestamp::from_millis(86_400_000)));
    }

    #[test]
    fn only_a_development_server_has_another_pace() {
        let scale = |dev: &str| {
            Scale::configure(|name| match name {
                "JOB_PROGRESS_DEV" => Some(dev.to_owned()),
                _ => Some("0.01".to_owned()),
            })
        };
        assert_eq!((scale("0"), scale("1")), (Scale(1.0), Scale(0.01)));
    }
}
