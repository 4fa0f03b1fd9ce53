//! The examples: what the source APIs show, in the shape this one takes and gives.

use serde_json::{Map, Value, json};

/// All of them, by name.
const EXAMPLES: &str = include_str!("examples.json");

/// An example.
pub(super) fn named(name: &str) -> Value {
    // A test reads every example that an operation names.
    serde_json::from_str::<Value>(EXAMPLES).map(|all| all[name].clone()).unwrap_or_default()
}

/// Several, as a media type lists them.
pub(super) fn all(names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), json!({ "value": named(name) }))).collect()
}

/// Frames of each kind, as a stream brings them.
pub(super) fn frames() -> Value {
    let frame = |event: &str, data: &str| json!({ "value": { "event": event, "data": named(data).to_string() } });
    json!({
        "document": frame("message", "documentFailed"),
        "log": frame("log", "logPage"),
        "end": frame("end", "end"),
        "problem": frame("problem", "jobProblem"),
    })
}
