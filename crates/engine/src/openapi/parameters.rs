//! The parameters that several operations share, and those of one.

use protocol::{
    include::Include,
    limits::{JOBS, LOG_LINES_RESUME, WAIT_SECONDS},
    number::MAX_SAFE_INTEGER,
};
use serde_json::{Value, json};

use crate::poll::Format;

use super::reference;

/// The parameters that several operations share, by name.
pub(super) fn all() -> Value {
    json!({
        "JobId": job_id("job_1234567890abcdef"),
        "Include": {
            "name": "include",
            "in": "query",
            "description": "What to show beyond the document, comma-separated or repeated; empty means nothing.",
            "style": "form",
            "explode": false,
            "schema": { "type": "array", "items": { "type": "string", "enum": Include::NAMES } },
            "example": ["logs", "metrics", "resources"],
        },
        "Cursor": {
            "name": "cursor",
            "in": "query",
            "description": "Where the reader stands: `<epoch>.<seq>`. A text that is no cursor counts as none.",
            "schema": { "type": "string" },
            "example": "k3v9a0.17",
        },
        "LastEventId": {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "As `cursor`, which it goes before; browsers send it by themselves.",
            "schema": { "type": "string" },
        },
    })
}

/// A parameter that is among the components.
pub(super) fn shared(name: &str) -> Value {
    reference("parameters", name)
}

/// The job of a path.
pub(super) fn job_id(example: &str) -> Value {
    json!({
        "name": "jobId",
        "in": "path",
        "required": true,
        "schema": reference("schemas", "JobId"),
        "example": example,
    })
}

/// A name in a path.
pub(super) fn path(name: &str, description: &str, example: &str) -> Value {
    json!({
        "name": name,
        "in": "path",
        "required": true,
        "description": description,
        "schema": reference("schemas", "NewJobId"),
        "example": example,
    })
}

fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

/// `create` of a report.
pub(super) fn create() -> Value {
    let schema = json!({ "type": "boolean", "default": false });
    let mut create = query("create", "Whether to make the job if there is none.", schema);
    create["example"] = true.into();
    create
}

/// `format` of a status.
pub(super) fn format() -> Value {
    query("format", "The whole document, or its short form.", json!({ "enum": Format::NAMES, "default": "json" }))
}

/// `wait` of a status.
pub(super) fn wait() -> Value {
    let schema = json!({ "type": "integer", "minimum": 0, "maximum": WAIT_SECONDS, "default": 0 });
    query("wait", "Seconds to wait for a state other than the one `If-None-Match` or `cursor` names.", schema)
}

/// The state a poller has.
pub(super) fn if_none_match() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag of the state the reader has; 304 if it is still that.",
        "schema": { "type": "string" },
    })
}

/// `after` of a log.
pub(super) fn after() -> Value {
    let schema = json!({ "type": "integer", "minimum": 0, "maximum": MAX_SAFE_INTEGER, "default": 0 });
    query("after", "The number of the line after which to begin.", schema)
}

/// `limit` of a log.
pub(super) fn limit() -> Value {
    let schema = json!({ "type": "integer", "minimum": 1, "maximum": LOG_LINES_RESUME, "default": 200 });
    query("limit", "How many lines at most.", schema)
}

/// `jobIds` of a stream of many jobs.
pub(super) fn job_ids() -> Value {
    json!({
        "name": "jobIds",
        "in": "query",
        "required": true,
        "description": "The jobs, comma-separated or repeated.",
        "style": "form",
        "explode": false,
        "schema": {
            "type": "array",
            "items": { "type": "string", "minLength": 1 },
            "minItems": 1,
            "maxItems": JOBS,
        },
        "example": ["job_completed_example", "job_failed_example"],
    })
}
