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

/// What a stream looks like.
pub(super) fn stream() -> String {
    let data = json!({ "jobId": "import-42", "status": "running", "progress": 45, "seq": 17, "epoch": "k3v9a0" });
    let end = json!({ "jobId": "import-42", "status": "completed", "seq": 18 });
    format!(": ok\nretry: 2000\n\nid: k3v9a0.17\ndata: {data}\n\n:\n\nevent: end\ndata: {end}\n\n")
}
