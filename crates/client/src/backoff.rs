//! Back-off: how long to wait before the next try.

use crate::policy::MAX_RETRY_AFTER_MS;

/// Milliseconds over which the first try is spread.
pub const FIRST_MS: u64 = 500;
/// Maximum milliseconds over which tries are spread, however many failed.
pub const LONGEST_MS: u64 = 30_000;

/// Jittered exponential back-off ("full jitter"), on top of what the server asked for.
///
/// The spread doubles with every failure, from [`FIRST_MS`] to [`LONGEST_MS`]; a thousand readers whose streams
/// were cut at once reconnect one by one.
///
/// ```
/// use client::backoff::Backoff;
/// let mut backoff = Backoff::default();
/// assert_eq!([backoff.next(1.0, 0), backoff.next(1.0, 0), backoff.next(0.5, 0)], [500, 1000, 1000]);
/// backoff.on_retry(2000);
/// backoff.reset();
/// assert_eq!(backoff.next(0.0, 0), 2000);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Backoff {
    failures: u32,
    /// The `retry:` of the server, in milliseconds.
    retry_ms: u64,
}

impl Backoff {
    /// Milliseconds to wait: at least the last `retry:` and `min_delay_ms`, plus a share `random` (0–1) of the spread.
    pub fn next(&mut self, random: f64, min_delay_ms: u64) -> u64 {
        let doubled = 1_u64.checked_shl(self.failures).unwrap_or(u64::MAX);
        let spread = FIRST_MS.saturating_mul(doubled).min(LONGEST_MS);
        self.failures = self.failures.saturating_add(1);
        let jitter = (spread as f64 * random.clamp(0.0, 1.0)) as u64;
        self.retry_ms.max(min_delay_ms.min(MAX_RETRY_AFTER_MS)).saturating_add(jitter)
    }

    /// Sets the server's `retry:`, in milliseconds.
    pub fn on_retry(&mut self, millis: u64) {
        self.retry_ms = millis.min(MAX_RETRY_AFTER_MS);
    }

    /// Resets the number of failures after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The number of failures since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_doubles_up_to_its_bound_however_often_it_fails() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..200).map(|_| backoff.next(1.0, 0)).collect();
        assert_eq!(waits[..8], [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert!(waits[8..].iter().all(|wait| *wait == LONGEST_MS));
    }

    #[test]
    fn no_reader_reconnects_earlier_than_the_server_asked() {
        let mut backoff = Backoff::default();
        backoff.on_retry(3000);
        assert_eq!(backoff.next(0.0, 1000), 3000);
        assert_eq!(backoff.next(0.0, 7000), 7000);
    }

    #[test]
    fn the_wait_that_a_server_asks_for_is_limited() {
        let mut backoff = Backoff::default();
        backoff.on_retry(u64::MAX);
        assert_eq!(backoff.next(0.0, u64::MAX), MAX_RETRY_AFTER_MS);
    }
}
