//! The time and the random number of one step of the state machine, and delays that are counted from it.

use std::hash::{Hash, Hasher};

/// The state machine's monotonic time in milliseconds, and this step's random number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tick {
    /// Milliseconds.
    pub(super) now: u64,
    /// From 0 to 1.
    pub(super) random: f64,
}

impl Hash for Tick {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.now, self.random.to_bits()).hash(state);
    }
}

impl Tick {
    /// The time in `millis` milliseconds.
    pub(super) fn after(self, millis: u64) -> u64 {
        self.now.saturating_add(millis)
    }

    /// Milliseconds since `then`.
    pub(super) fn since(self, then: u64) -> u64 {
        self.now.saturating_sub(then)
    }

    /// A random share of `millis` milliseconds.
    pub(super) fn share(self, millis: u64) -> u64 {
        (millis as f64 * self.random.clamp(0.0, 1.0)) as u64
    }
}

/// A delay before the next try. An event that makes a try more likely to succeed may shorten it, but not below what the
/// server asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct RetryDelay {
    /// The time of the next try.
    pub(super) until: u64,
    /// The time before which the server wants no try.
    not_before: u64,
}

impl RetryDelay {
    /// A delay of `wait` milliseconds, of which the server asked for `min_delay_ms`.
    pub(super) fn new(tick: Tick, wait: u64, min_delay_ms: u64) -> RetryDelay {
        RetryDelay { until: tick.after(wait), not_before: tick.after(min_delay_ms.min(wait)) }
    }

    /// Shortens the delay to `wait` milliseconds from now, or to the earliest time that the server allows.
    pub(super) fn bring_forward(&mut self, tick: Tick, wait: u64) {
        self.until = self.until.min(tick.after(wait).max(self.not_before));
    }
}
