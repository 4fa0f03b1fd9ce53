//! The weight of a report: how many bytes it can add to the document as JSON, at most.
//!
//! To know a document's size is to write all of it. Most reports are light and most documents far from their limit, so
//! that the sum of the weights since it was last known says enough.

use serde_json::Value;

use crate::{
    document::{JobError, Object, Throughput, Waiting},
    patch::Patch,
    report::Report,
    step::Step,
};

/// What the fold itself may write, whatever the report: states, times, counts, an estimate and its unit.
pub const FIXED: usize = 4 * 1024;

/// The name of a member, its quotes, colon and comma.
const NAME: usize = 24;
/// The longest number (`-2.2250738585072014e-308`), time and word.
const SCALAR: usize = 32;

impl Report {
    /// How many bytes longer the document may be with this report than without it, [`FIXED`] aside.
    pub fn weight(&self) -> usize {
        let texts = [&self.unit, &self.message, &self.current_step, &self.endpoint_id, &self.kind, &self.priority];
        let objects = [
            &self.attributes,
            &self.metadata,
            &self.resources,
            &self.metrics,
            &self.execution,
            &self.cold_start,
            &self.final_metrics,
            &self.tags,
        ];
        let values = [&self.output, &self.result, &self.partial_results];
        let parts = [
            sum(texts.into_iter().map(|patch| member(patch, |text| string(text)))),
            sum(objects.into_iter().map(|patch| member(patch, object))),
            sum(values.into_iter().map(|patch| member(patch, value))),
            member(&self.steps, |steps| sum(steps.iter().map(step))),
            member(&self.throughput, throughput),
            member(&self.error, error),
            member(&self.waiting, waiting),
        ];
        sum(parts.into_iter())
    }
}

fn member<T>(patch: &Patch<T>, weigh: impl FnOnce(&T) -> usize) -> usize {
    patch.set().map_or(0, |set| NAME.saturating_add(weigh(set)))
}

fn sum(weights: impl Iterator<Item = usize>) -> usize {
    weights.fold(0, usize::saturating_add)
}

/// A control character is written as six bytes (`\u0001`), which is the most that one byte becomes.
fn string(text: &str) -> usize {
    text.len().saturating_mul(6).saturating_add(3)
}

fn value(value: &Value) -> usize {
    match value {
        Value::String(text) => string(text),
        Value::Array(items) => 3_usize.saturating_add(sum(items.iter().map(self::value))),
        Value::Object(members) => object(members),
        Value::Null | Value::Bool(_) | Value::Number(_) => SCALAR,
    }
}

fn object(members: &Object) -> usize {
    sum(members.iter().map(|(name, member)| string(name).saturating_add(value(member)))).saturating_add(3)
}

fn step(step: &Step) -> usize {
    const MEMBERS: usize = 5 * NAME + 3 * SCALAR;
    sum([MEMBERS, string(&step.id), string(&step.label)].into_iter())
}

fn throughput(throughput: &Throughput) -> usize {
    sum([2 * NAME + SCALAR, throughput.unit.as_deref().map_or(0, string)].into_iter())
}

fn error(error: &JobError) -> usize {
    let details = error.details.as_ref().map_or(0, value);
    sum([3 * NAME, string(&error.code), string(&error.message), details].into_iter())
}

fn waiting(waiting: &Waiting) -> usize {
    sum([2 * NAME + SCALAR, string(&waiting.reason)].into_iter())
}
