//! The OpenAPI 3.1 document: what PROTOCOL.md says, for machines. The schemas come from the Rust types.
//!
//! It is written by a native program when the project is built and served as a static file, so that none of this is ever
//! in the worker.
#![allow(
    clippy::indexing_slicing,
    reason = "no stranger's input comes here, and `json!` values are put together by it"
)]

mod answers;
mod bodies;
mod components;
mod examples;
mod operations;
mod parameters;

use serde_json::{Value, json};

/// Where the words of the protocol are explained.
const PROTOCOL: &str = "crates/protocol/PROTOCOL.md";

const ABOUT: &str = "Report a job's progress with one HTTP call, read it by polling, batches or server-sent events.

Every operation but `getHealth` needs `Authorization: Bearer <key or token>`. Native `EventSource`, which sends no \
headers, may bear a token that only reads as the query parameter `token` instead.

Bodies sent without a Content-Type, or as `application/x-www-form-urlencoded` as `curl -d` does, are read as JSON. \
Unknown members and parameters are refused by name. Lengths of texts are limited in bytes of UTF-8.

PROTOCOL.md in the project's sources is the whole contract: the fold, streams, tokens, limits and their reasons.";

/// The document.
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
            { "name": "producers", "description": "For the programs that do the work." },
            { "name": "readers", "description": "For whoever waits for it." },
            { "name": "streams", "description": "Server-sent events: the document at once, then every change, then `end`." },
            { "name": "credentials", "description": "Tokens for browsers." },
            { "name": "tensorlake", "description": "The paths of the Tensorlake progress API." },
            { "name": "flask", "description": "The path of the Flask task-status API." },
            { "name": "operators", "description": "For whoever runs a deployment." },
        ],
        "security": [{ "bearer": [] }],
        "paths": operations::paths(),
        "components": components::all(),
    })
}

/// The words of a section of PROTOCOL.md, to be read for more.
fn section(name: &str) -> String {
    format!("{PROTOCOL}, \"{name}\"")
}

/// A reference to a component.
fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}
