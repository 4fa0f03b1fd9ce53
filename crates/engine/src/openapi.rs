//! The OpenAPI 3.1 document: the contract of PROTOCOL.md for machines. The schemas are derived from the Rust types.
//!
//! A native program writes it when the project is built and the worker serves it as a static file, so none of this code
//! is in the worker.
#![allow(
    clippy::indexing_slicing,
    reason = "the module gets no input, and it builds the `json!` values that it indexes"
)]

mod bodies;
mod components;
mod examples;
mod operations;
mod parameters;
mod responses;
pub mod tables;

use protocol::limits::{self, Limit};
use serde_json::{Map, Value, json};

/// The path of the specification in the project's sources.
const PROTOCOL: &str = "crates/protocol/PROTOCOL.md";

const ABOUT: &str = "Report a job's progress with one HTTP call, read it by polling, batches or server-sent events.

Every operation except `getHealth` needs `Authorization: Bearer <key or token>`. A native `EventSource`, which cannot \
send headers, may send a read-only token as the query parameter `token` instead.

Bodies without a Content-Type, or with `application/x-www-form-urlencoded` (the default of `curl -d`), are read as \
JSON. A request with an unknown member or query parameter is refused, and the problem names it. Lengths of texts are \
limited in bytes of UTF-8.

PROTOCOL.md in the project's sources is the complete contract: the fold, streams, tokens, limits and their reasons.";

/// The OpenAPI document.
///
/// ```
/// let document = engine::openapi::document();
/// assert_eq!(document["openapi"], "3.1.1");
/// assert_eq!(document["paths"]["/healthz"]["get"]["operationId"], "getHealth");
/// ```
pub fn document() -> Value {
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "job-progress",
            "version": "2",
            "description": ABOUT,
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": "/", "description": "This deployment" }],
        "tags": [
            { "name": "producers", "description": "For programs that report the progress of their jobs." },
            { "name": "readers", "description": "For programs and people that follow a job." },
            { "name": "streams", "description": "Server-sent events: the document, then every change, then `end`." },
            { "name": "credentials", "description": "Tokens for browsers." },
            { "name": "tensorlake", "description": "The paths of the Tensorlake progress API." },
            { "name": "flask", "description": "The path of the Flask task-status API." },
            { "name": "operators", "description": "For operators of a deployment." },
        ],
        "security": [{ "bearer": [] }],
        "paths": operations::paths(),
        "components": components::all(),
        "x-limits": limits(),
    })
}

/// A reference to a section of PROTOCOL.md.
fn section(name: &str) -> String {
    format!("{PROTOCOL}, \"{name}\"")
}

/// The limits by name, each with its value, what happens past it, and its meaning.
fn limits() -> Value {
    let limit = |limit: &Limit| {
        let members = json!({ "value": limit.value, "past": limit.past, "description": limit.meaning });
        (limit.name.to_owned(), members)
    };
    limits::ALL.iter().map(limit).collect::<Map<_, _>>().into()
}

/// A reference to a component.
fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}
