//! Back-off: how long to wait before the next try.

/// The longest wait after the first failure, in milliseconds. It doubles with each failure.
const FIRST_MS: u64 = 500;
/// The longest wait, however many requests failed, in milliseconds.
const LONGEST_MS: u64 = 30_000;

/// The milliseconds to wait after `failures` requests in a row have failed: between the half and the whole of a time that
/// doubles with each failure. `random` is from 0 to 1.
pub(crate) fn wait_ms(failures: u32, random: f64) -> u64 {
    let doubled = 1_u64.checked_shl(failures.saturating_sub(1)).unwrap_or(u64::MAX);
    let longest = FIRST_MS.saturating_mul(doubled).min(LONGEST_MS);
    let half = longest / 2;
    half.saturating_add((half as f64 * random.clamp(0.0, 1.0)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_bound_however_often_a_request_fails() {
        let waits: Vec<_> = (1..200).map(|failures| wait_ms(failures, 1.0)).collect();
        assert_eq!(waits[..8], [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert!(waits[8..].iter().all(|wait| *wait == LONGEST_MS));
    }

    #[test]
    fn the_wait_is_random_between_its_half_and_its_whole() {
        assert_eq!([wait_ms(1, 0.0), wait_ms(1, 0.5), wait_ms(3, 0.0)], [250, 375, 1000]);
        assert_eq!(wait_ms(1, f64::NAN), 250);
    }
}
