//! The kind of work that a sample counts. Observations of different kinds are never averaged together.

use serde::{Deserialize, Serialize};

/// The measure of a percentage, which has no unit.
const PERCENT: u32 = 0;

/// What a [`Sample`](super::Sample) counts: the measure (a unit, or percent) and the step that it belongs to.
///
/// It has hashes instead of texts, so that the size of the estimator does not depend on the names of units. Two names with
/// the same hash (one pair in four thousand million) would count as one phase; nothing else depends on them.
///
/// ```
/// use protocol::eta::PhaseKey;
///
/// let hashing = PhaseKey::units(Some("files"), Some("hash"));
/// assert_eq!(hashing, PhaseKey::units(Some("files"), Some("hash")));
/// assert_ne!(hashing, PhaseKey::units(Some("bytes"), Some("hash")));
/// assert_ne!(PhaseKey::percent(None), PhaseKey::units(None, None));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseKey {
    #[serde(rename = "m")]
    measure: u32,
    #[serde(rename = "s")]
    step: u32,
}

impl PhaseKey {
    /// Work that is counted as `current` of `total`, in `unit` if the producer has one.
    #[must_use]
    pub fn units(unit: Option<&str>, step: Option<&str>) -> Self {
        Self { measure: hash(unit) | 1, step: hash(step) }
    }

    /// Work that is known only as a percentage, reported or from the weighted mean of the steps. It has no throughput.
    #[must_use]
    pub fn percent(step: Option<&str>) -> Self {
        Self { measure: PERCENT, step: hash(step) }
    }

    pub(super) fn counts_units(self) -> bool {
        self.measure != PERCENT
    }

    pub(super) fn same_measure(self, other: Self) -> bool {
        self.measure == other.measure
    }
}

/// FNV-1a; 0 is no name.
fn hash(name: Option<&str>) -> u32 {
    name.map_or(0, |name| {
        name.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    })
}
