//! The weight of a report: the most bytes that it can add to the free-form fields of the document as JSON, which are limited
//! together ([`DOCUMENT_BYTES`](crate::limits::DOCUMENT_BYTES)).
//!
//! The exact size is known only after the fields are serialized. Most reports are light and most documents are far below
//! the limit, so the sum of the weights since the last exact size is good enough until it nears the limit.
//! [`Report::weight`](crate::Report::weight) adds up the weights of the fields; each [`Form`](crate::form::Form) knows its
//! own. Numbers, times, words, names and texts for people weigh nothing, because each of them has a limit of its own.

use serde::Serialize;
use serde_json::Value;

use crate::{document::Object, size::json_bytes};

/// The name of a member, its quotes, colon and comma.
pub(crate) const NAME: usize = 24;
/// The longest number (`-2.2250738585072014e-308`), time and word.
pub(crate) const SCALAR: usize = 32;

/// A member whose value weighs `value`.
pub(crate) fn member(value: usize) -> usize {
    NAME.saturating_add(value)
}

/// The exact size of a member: its name, quotes, colon and comma, and the value.
pub(crate) fn member_bytes(name: &str, value: &impl Serialize) -> usize {
    name.len().saturating_add(4).saturating_add(json_bytes(value))
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
        Value::Null | Value::Bool(_) => SCALAR,
        Value::Number(number) => number.as_str().len().saturating_add(1),
    }
}

pub(crate) fn object(members: &Object) -> usize {
    sum(members.iter().map(|(name, member)| string(name).saturating_add(value(member)))).saturating_add(3)
}
