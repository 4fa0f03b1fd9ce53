//! The clock of the edge, by which an object goes while the wall clock is set back: its own stands still then.

use std::cell::Cell;

use engine::set_back::EdgeClock;
use protocol::Timestamp;

use crate::js;

thread_local! {
    static CLOCK: Cell<EdgeClock> = Cell::default();
}

/// Notes when a request arrived.
pub(crate) fn observe(now: Timestamp) {
    let mut clock = CLOCK.get();
    clock.observe(now.millis());
    CLOCK.set(clock);
}

/// The time, if the clock was set back and has not reached the latest time again.
pub(crate) fn if_set_back() -> Option<Timestamp> {
    CLOCK.get().is_set_back().then(js::now)
}
