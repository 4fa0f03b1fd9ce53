//! A wall clock that is set back while the server runs.
//!
//! In workerd the clock of an object never goes back: it stands still until the time comes again, and the timers of the
//! object are held for as long. The clock and the timers of the edge are not.

/// By how many milliseconds the clock may seem to go back without having been set: requests of one isolate may see times
/// that are not quite in order.
pub const TOLERANCE_MS: u64 = 100;

/// The clock of the edge, which notices that it was set back.
///
/// ```
/// use engine::set_back::EdgeClock;
/// let mut clock = EdgeClock::default();
/// clock.observe(60_000);
/// assert!(!clock.is_set_back());
/// clock.observe(40_000);
/// assert!(clock.is_set_back());
/// clock.observe(60_000);
/// assert!(!clock.is_set_back());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EdgeClock {
    latest_ms: u64,
    behind_ms: u64,
}

impl EdgeClock {
    /// Notes the time, in milliseconds.
    pub fn observe(&mut self, now_ms: u64) {
        self.latest_ms = self.latest_ms.max(now_ms);
        self.behind_ms = self.latest_ms.saturating_sub(now_ms);
    }

    /// Whether the clock was set back and has not reached the latest time again.
    pub fn is_set_back(&self) -> bool {
        self.behind_ms > TOLERANCE_MS
    }
}
