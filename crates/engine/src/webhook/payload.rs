//! The body of a delivery: `{type, timestamp, data}`, as Standard Webhooks recommends.

use protocol::{
    Document, Timestamp,
    include::Include,
    limits::PAYLOAD_BYTES,
    webhook::{Alert, Bound, EventType},
};
use serde_json::{Value, json};

/// What an event says beside the state of the job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Detail<'a> {
    /// Nothing.
    None,
    /// The threshold that the progress reached.
    Threshold(f64),
    /// The alert, and the value beyond its bound.
    Alert(&'a Alert, f64),
}

/// The payload of an event of the job with this document. `data` is the summary; or the document, if the webhook asks
/// for it with `include` and the payload then has at most [`PAYLOAD_BYTES`].
pub(crate) fn text(
    document: &Document,
    event: EventType,
    at: Timestamp,
    detail: Detail<'_>,
    include: Option<Include>,
) -> String {
    let with = |data: Value| {
        let mut payload = json!({ "type": event.as_str(), "timestamp": at, "data": data });
        if let Some(members) = payload.as_object_mut() {
            match detail {
                Detail::None => {}
                Detail::Threshold(threshold) => drop(members.insert("threshold".to_owned(), number(threshold))),
                Detail::Alert(alert, value) => drop(members.insert("alert".to_owned(), alert_value(alert, value))),
            }
        }
        payload.to_string()
    };
    let whole = include.map(|include| with(serde_json::to_value(document.view(include)).unwrap_or_default()));
    whole
        .filter(|text| text.len() <= PAYLOAD_BYTES)
        .unwrap_or_else(|| with(serde_json::to_value(document.summary()).unwrap_or_default()))
}

/// The alert, with the value beyond its bound.
fn alert_value(alert: &Alert, value: f64) -> Value {
    let (name, bound) = match alert.bound {
        Bound::Above(bound) => ("above", bound),
        Bound::Below(bound) => ("below", bound),
    };
    json!({ "field": alert.field, name: number(bound), "value": number(value) })
}

/// A number as JSON; a whole one without a fraction.
fn number(value: f64) -> Value {
    let is_whole = value.fract() == 0.0 && value.abs() < 9e15;
    if is_whole { Value::from(value as i64) } else { Value::from(value) }
}
