//! The promises of the estimator for single cases, for any sequence, and for recorded runs of real programs.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic; clippy exempts only the bodies of test functions"
)]

#[path = "eta/behaviour.rs"]
mod behaviour;
#[path = "eta/properties.rs"]
mod properties;
#[path = "eta/quality.rs"]
mod quality;
#[path = "eta/trace.rs"]
mod trace;

use protocol::{
    Timestamp,
    eta::{Estimator, PhaseKey, Sample},
};

/// The results of the estimator after a report.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Answer {
    at: Timestamp,
    completion: Option<Timestamp>,
    per_second: Option<f64>,
}

impl Answer {
    /// Milliseconds left at the report.
    fn remaining(self) -> Option<f64> {
        Some(self.completion?.millis().checked_sub(self.at.millis())? as f64)
    }
}

fn observe(estimator: &mut Estimator, sample: Sample) -> Answer {
    estimator.observe(sample);
    Answer { at: sample.at, completion: estimator.completion(), per_second: estimator.rate_per_second() }
}

/// A sample in files, at a second.
fn files(second: f64, done: f64, total: f64) -> Sample {
    Sample { at: second_of(second), done, total: Some(total), phase: PhaseKey::units(Some("files"), None) }
}

fn second_of(second: f64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + (second * 1000.0).round() as u64)
}

/// The change of the completion as a share of the former remaining time; `None` if either is absent. A completion is a whole
/// number of milliseconds, so a difference of one is not a change.
fn jump(former: Answer, next: Answer) -> Option<f64> {
    let moved = next.completion?.millis().abs_diff(former.completion?.millis());
    Some(moved.saturating_sub(1) as f64 / former.remaining()?)
}
