//! The weight of a report: the most bytes that it can add to the document as JSON.
//!
//! The exact size of a document is known only after it is serialized. Most reports are light and most documents are far
//! below their limit, so the sum of the weights since the last exact size is good enough until it nears the limit.
//! [`Report::weight`](crate::Report::weight) adds up the weights of the fields; each [`Form`](crate::form::Form) knows its own.

use serde_json::Value;

use crate::document::Object;

/// The most bytes that the fold adds for any report: states, times, counts and an estimate with its unit.
pub const FIXED: usize = 4 * 1024;

/// The name of a member, its quotes, colon and comma.
pub(crate) const NAME: usize = 24;
/// The longest number (`-2.2250738585072014e-308`), time and word.
pub(crate) const SCALAR: usize = 32;

/// A member whose value weighs `value`.
pub(crate) fn member(value: usize) -> usize {
    NAME.saturating_add(value)
}

pub(crate) fn sum(weights: impl IntoIterator<Item = usize>) -> usize {
    weights.into_iter().fold(0, usize::saturating_add)
}

/// A control character is written as six bytes (`\u0001`), the most that one byte can become.
pub(crate) fn string(text: &str) -> usize {
    text.len().saturating_mul(6).saturating_add(3)
}

pub(crate) fn value(value: &Value) -> usize {
    match value {
        Value::String(text) => string(text),
        Value::Array(items) => sum(items.iter().map(self::value)).saturating_add(3),
        Value::Object(members) => object(members),
        Value::Null | Value::Bool(_) | Value::Number(_) => SCALAR,
    }
}

pub(crate) fn object(members: &Object) -> usize {
    sum(members.iter().map(|(name, member)| string(name).saturating_add(value(member)))).saturating_add(3)
}
