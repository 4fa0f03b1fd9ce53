//! The examples of the source APIs, in the shape of this API.

use serde_json::{Map, Value, json};

/// All examples, by name.
const EXAMPLES: &str = include_str!("examples.json");

/// The example with this name.
pub(super) fn named(name: &str) -> Value {
    // A test checks that every example which an operation names exists.
    serde_json::from_str::<Value>(EXAMPLES).map(|all| all[name].clone()).unwrap_or_default()
}

/// Several examples, as a media type lists them.
pub(super) fn all(names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), json!({ "value": named(name) }))).collect()
}

/// An example of each kind of event.
pub(super) fn frames() -> Value {
    let frame = |event: &str, data: &str| json!({ "value": { "event": event, "data": named(data).to_string() } });
    json!({
        "document": frame("message", "documentFailed"),
        "log": frame("log", "logPage"),
        "end": frame("end", "end"),
        "problem": frame("problem", "jobProblem"),
    })
}
