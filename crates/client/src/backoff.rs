//! Back-off: how long to wait before the next try.

/// Milliseconds the first try is spread over.
pub const FIRST_MS: u64 = 500;
/// Milliseconds the tries are spread over at most, however many failed.
pub const LONGEST_MS: u64 = 30_000;
/// Milliseconds of waiting that a server may ask for; more is cut to this.
pub const ASKED_MS: u64 = 600_000;

/// Jittered exponential back-off ("full jitter"), on top of what the server asked for.
///
/// The spread doubles with every failure, from [`FIRST_MS`] to [`LONGEST_MS`]; a thousand readers that were cut at once
/// come back one by one.
///
/// ```
/// use client::backoff::Backoff;
/// let mut backoff = Backoff::default();
/// assert_eq!([backoff.next(1.0, 0), backoff.next(1.0, 0), backoff.next(0.5, 0)], [500, 1000, 1000]);
/// backoff.ask(2000);
/// backoff.reset();
/// assert_eq!(backoff.next(0.0, 0), 2000);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Backoff {
    failures: u32,
    asked: u64,
}

impl Backoff {
    /// Milliseconds to wait: at least what `retry:` last asked for and `floor`, plus a share `random` (0–1) of the spread.
    pub fn next(&mut self, random: f64, floor: u64) -> u64 {
        let doubled = 1_u64.checked_shl(self.failures).unwrap_or(u64::MAX);
        let spread = FIRST_MS.saturating_mul(doubled).min(LONGEST_MS);
        self.failures = self.failures.saturating_add(1);
        let jitter = (spread as f64 * random.clamp(0.0, 1.0)) as u64;
        self.asked.max(floor.min(ASKED_MS)).saturating_add(jitter)
    }

    /// The server's `retry:`, in milliseconds.
    pub fn ask(&mut self, millis: u64) {
        self.asked = millis.min(ASKED_MS);
    }

    /// Something went well: the next failure is the first one.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// How often it failed since it last went well.
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
    fn no_reader_comes_back_before_the_server_wants_it() {
        let mut backoff = Backoff::default();
        backoff.ask(3000);
        assert_eq!(backoff.next(0.0, 1000), 3000);
        assert_eq!(backoff.next(0.0, 7000), 7000);
    }

    #[test]
    fn a_server_cannot_send_a_reader_away_for_ever() {
        let mut backoff = Backoff::default();
        backoff.ask(u64::MAX);
        assert_eq!(backoff.next(0.0, u64::MAX), ASKED_MS);
    }
}
