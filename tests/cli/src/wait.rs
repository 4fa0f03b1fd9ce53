//! Waiting for a condition, with a deadline.

use std::{
    thread,
    time::{Duration, Instant},
};

/// The longest time until a condition must hold.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// How long between two checks.
const INTERVAL: Duration = Duration::from_millis(10);

/// Waits until `check` returns a value.
///
/// # Panics
///
/// When it does not in time; `describe` says what is there instead.
pub fn until<T>(mut check: impl FnMut() -> Option<T>, describe: impl Fn() -> String) -> T {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(value) = check() {
            return value;
        }
        assert!(Instant::now() < deadline, "nothing after {TIMEOUT:?}: {}", describe());
        thread::sleep(INTERVAL);
    }
}
