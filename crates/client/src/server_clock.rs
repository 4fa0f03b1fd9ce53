//! The server's clock: counted from the server's last answer with a clock of this device that nobody sets.

/// Milliseconds by which the offset must change to be used; `Date` counts whole seconds.
const STEP_MS: i64 = 1_000;

/// How far the server's clock is ahead of the device's monotonic clock. Both count milliseconds; the latter begins near the
/// Unix epoch's count, and no change of the device's time moves it.
///
/// ```
/// use client::server_clock::ServerClock;
/// let mut clock = ServerClock::default();
/// assert_eq!(clock.on_time(90_000, 1_000), Some(89_000));
/// assert_eq!(clock.on_time(91_400, 2_000), None, "the header has whole seconds");
/// assert_eq!(clock.now(3_000), 92_000);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerClock(i64);

impl ServerClock {
    /// The clock with the offset that [`on_time`](ServerClock::on_time) returned elsewhere.
    pub fn from_offset(millis: i64) -> ServerClock {
        ServerClock(millis)
    }

    /// The server answered at `monotonic` that its time is `server`. Returns the new offset if it has changed.
    pub fn on_time(&mut self, server: u64, monotonic: u64) -> Option<i64> {
        let offset = server.checked_signed_diff(monotonic)?;
        let has_changed = offset.saturating_sub(self.0).saturating_abs() > STEP_MS;
        has_changed.then(|| {
            self.0 = offset;
            offset
        })
    }

    /// A change was committed at `at` by the server's clock, which must have passed it: a device that slept did not count.
    pub fn on_change(&mut self, at: u64, monotonic: u64) {
        if at > self.now(monotonic) {
            self.0 = at.checked_signed_diff(monotonic).unwrap_or(self.0);
        }
    }

    /// The time by the server's clock.
    pub fn now(self, monotonic: u64) -> u64 {
        monotonic.saturating_add_signed(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ServerClock;

    #[test]
    fn a_change_that_the_clock_has_not_reached_moves_it_and_an_old_one_does_not() {
        let mut clock = ServerClock::default();
        clock.on_change(500, 1_000);
        assert_eq!(clock.now(1_000), 1_000);
        clock.on_change(3_600_000, 1_000);
        assert_eq!(clock.now(2_000), 3_601_000);
    }

    #[test]
    fn no_time_that_a_server_can_send_overflows() {
        let mut clock = ServerClock::default();
        for server in [0, u64::MAX] {
            clock.on_time(server, 1_000);
            clock.on_change(server, 1_000);
            clock.now(u64::MAX);
        }
    }
}
