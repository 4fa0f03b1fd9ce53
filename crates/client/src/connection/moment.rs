//! The moment in which an input is taken, and a rest that lasts until another one.

use std::hash::{Hash, Hasher};

/// A time of the machine's own clock, and the luck of that moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Moment {
    /// Milliseconds.
    pub(super) now: u64,
    /// From 0 to 1.
    pub(super) random: f64,
}

impl Hash for Moment {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.now, self.random.to_bits()).hash(state);
    }
}

impl Moment {
    pub(super) fn in_ms(self, millis: u64) -> u64 {
        self.now.saturating_add(millis)
    }

    pub(super) fn since(self, then: u64) -> u64 {
        self.now.saturating_sub(then)
    }

    pub(super) fn share(self, of: u64) -> u64 {
        (of as f64 * self.random.clamp(0.0, 1.0)) as u64
    }
}

/// A time of waiting. What makes a try more hopeful may bring it forward, though not before `earliest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rest {
    pub(super) until: u64,
    earliest: u64,
}

impl Rest {
    /// A rest of `wait` milliseconds, of which `floor` are the server's wish.
    pub(super) fn new(moment: Moment, wait: u64, floor: u64) -> Rest {
        Rest { until: moment.in_ms(wait), earliest: moment.in_ms(floor.min(wait)) }
    }

    /// Ends it in `wait` milliseconds, or as soon as the server allows.
    pub(super) fn hurry(&mut self, moment: Moment, wait: u64) {
        self.until = self.until.min(moment.in_ms(wait).max(self.earliest));
    }
}
