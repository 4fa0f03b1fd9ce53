//! The responses: successes with their schemas, and one response for each HTTP status that a problem may have.

use protocol::problem::Code;
use serde_json::{Map, Value, json};

use super::reference;
use crate::badge::CONTENT_TYPE;

/// The response headers.
pub(super) fn headers() -> Value {
    let text = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    json!({
        "ETag": text("The entity tag of the returned version of the document, an opaque text for `If-None-Match`."),
        "Retry-After": {
            "description": "The number of seconds to wait before the next try.",
            "schema": { "type": "integer", "minimum": 0 },
        },
        "WWW-Authenticate": text("The supported scheme: `Bearer`."),
        "Allow": text("The methods that the path supports."),
    })
}

/// The component name of the response with this status.
fn name(status: u16) -> String {
    format!("Problem{status}")
}

fn header_of(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("WWW-Authenticate"),
        405 => Some("Allow"),
        429 | 503 | 507 => Some("Retry-After"),
        _ => None,
    }
}

/// One response for each status, with the codes that it may have.
pub(super) fn all_problems() -> Map<String, Value> {
    let mut statuses: Vec<u16> = Code::ALL.iter().map(|code| code.http_status()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses.into_iter().map(|status| (name(status), problem(status))).collect()
}

fn problem(status: u16) -> Value {
    let codes: Vec<&Code> = Code::ALL.iter().filter(|code| code.http_status() == status).collect();
    let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let lines: Vec<String> = codes.iter().map(|code| line(**code)).collect();
    let mut response = json!({
        "description": lines.join("\n\n"),
        "content": { "application/json": {
            "schema": {
                "allOf": [reference("schemas", "Problem"), { "properties": { "error": { "enum": words } } }],
            },
        } },
    });
    if let Some(header) = header_of(status) {
        response["headers"] = json!({ header: reference("headers", header) });
    }
    let examples = examples(status);
    if !examples.is_empty() {
        response["content"]["application/json"]["examples"] = examples.into();
    }
    response
}

/// The meaning of a code and the members of its `details`.
fn line(code: Code) -> String {
    let (word, meaning) = (code.as_str(), code.meaning());
    match code.details() {
        "" => format!("`{word}`: {meaning}"),
        details => format!("`{word}`: {meaning} `details`: {details}."),
    }
}

/// The examples of problems in the documentation of the TensorOne API.
fn examples(status: u16) -> Map<String, Value> {
    let examples = match status {
        404 => json!({ "tensorone": { "value": super::examples::named("jobNotFound") } }),
        403 => json!({ "tensorone": { "value": super::examples::named("accessDenied") } }),
        429 => json!({ "tensorone": { "value": super::examples::named("rateLimitExceeded") } }),
        _ => Value::Null,
    };
    examples.as_object().cloned().unwrap_or_default()
}

/// The problem responses of an operation, by status.
pub(super) fn problems(codes: &[Code]) -> Map<String, Value> {
    let statuses = codes.iter().map(|code| code.http_status());
    statuses.map(|status| (status.to_string(), reference("responses", &name(status)))).collect()
}

/// A JSON response.
pub(super) fn json(description: &str, schema: Value, examples: &[&str]) -> Value {
    json!({
        "description": description,
        "content": { "application/json": { "schema": schema, "examples": super::examples::all(examples) } },
    })
}

/// An event stream response.
pub(super) fn stream() -> Value {
    json!({
        "description": "Server-sent events. An unnamed event is a document, `log` has log lines, `end` is the last \
                        event of a job, `problem` a problem that ends the events of a job. Comments are heartbeats.",
        "content": { "text/event-stream": {
            "schema": reference("schemas", "Frame"),
            "examples": super::examples::frames(),
        } },
    })
}

/// A picture.
pub(super) fn badge() -> Value {
    json!({
        "description": "The picture.",
        "headers": { "ETag": reference("headers", "ETag") },
        "content": { CONTENT_TYPE: { "schema": { "type": "string" } } },
    })
}

/// A response without a body.
pub(super) fn empty(description: &str) -> Value {
    json!({ "description": description })
}
