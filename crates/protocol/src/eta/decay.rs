//! The remaining time while no report arrives, for readers and for the estimator.

use crate::Timestamp;

/// The share of the predicted time that is counted down second by second. After it the countdown slows.
const COUNTED: f64 = 0.75;

/// The remaining whole seconds to show at `now` for a document with `estimatedCompletion` and `updatedAt`; `None` once the
/// estimate is refuted.
///
/// With *r* = the remaining time at `updatedAt` and *x* = the share of it that has passed since:
///
/// - *x* ≤ ¾: a plain countdown, *r* (1 − *x*).
/// - ¾ < *x* ≤ 1: the countdown slows, *r* (¼)² / (*x* − ½), and reaches *r* / 8. The two parts have the same value and
///   slope where they meet. A running job never shows "0 s left".
/// - *x* > 1: the job should have ended and has not. The estimate is refuted: `None`, which readers show as unknown.
///
/// If `now` is before `updatedAt`, no time has passed. Call it only while the job is running: the function does not know
/// whether the job has ended.
///
/// ```
/// use protocol::{Timestamp, eta::remaining_seconds};
///
/// let at = |second: u64| Timestamp::from_millis(second * 1000);
/// let show = |now| remaining_seconds(at(100), at(20), now); // 80 s predicted
/// assert_eq!(show(at(20)), Some(80));
/// assert_eq!(show(at(60)), Some(40));
/// assert_eq!(show(at(100)), Some(10)); // late, and still counting
/// assert_eq!(show(at(101)), None); // unknown
/// ```
#[must_use]
pub fn remaining_seconds(estimated_completion: Timestamp, updated_at: Timestamp, now: Timestamp) -> Option<u64> {
    let predicted = estimated_completion.millis().checked_sub(updated_at.millis())?;
    let left_ms = decay(predicted as f64, now.millis().saturating_sub(updated_at.millis()) as f64)?;
    Some((left_ms / 1000.0).ceil().max(1.0) as u64)
}

/// The remaining part of `predicted` milliseconds after `silent` milliseconds without a report; `None` if the prediction is refuted.
pub(super) fn decay(predicted: f64, silent: f64) -> Option<f64> {
    if !(predicted > 0.0 && silent >= 0.0 && silent <= predicted) {
        return None;
    }
    let passed = silent / predicted;
    let left = if passed <= COUNTED {
        1.0 - passed
    } else {
        let rest = 1.0 - COUNTED;
        rest * rest / (passed - COUNTED + rest)
    };
    Some(predicted * left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_countdown_is_continuous_and_never_increases() {
        let left: Vec<f64> = (0..=1000).map(|silent| decay(1000.0, f64::from(silent)).unwrap()).collect();
        for pair in left.windows(2) {
            assert!(pair[1] < pair[0] && pair[0] - pair[1] < 1.000_001, "{pair:?}");
        }
        assert_eq!(left[750], 250.0);
        assert_eq!(left[1000], 125.0);
    }

    fn shown(estimated_completion: u64, updated_at: u64, now: u64) -> Option<u64> {
        let [completion, updated, now] = [estimated_completion, updated_at, now].map(Timestamp::from_millis);
        remaining_seconds(completion, updated, now)
    }

    #[test]
    fn a_reader_never_sees_zero_and_sees_no_number_after_the_estimate() {
        assert_eq!(shown(1_100, 1_000, 1_000), Some(1));
        assert_eq!(shown(2_000, 1_000, 2_000), Some(1));
        assert_eq!(shown(2_000, 1_000, 2_001), None);
        assert_eq!(shown(1_000, 1_000, 1_000), None);
        assert_eq!(shown(0, u64::MAX, 0), None);
        assert_eq!(shown(800_000, 0, 800_000), Some(100));
    }

    #[test]
    fn a_clock_that_is_behind_shows_the_estimate_unchanged() {
        assert_eq!(shown(61_000, 1_000, 0), Some(60));
    }
}
