//! The parameters, shared ones and those of one operation.

use protocol::{
    Status, Timestamp,
    creation::Replace,
    include::Include,
    limits::{BADGE_LABEL_CHARS, DELIVERIES, JOBS, LIST_ROWS, LOG_LINES_RESUME, NAME_BYTES, WAIT_SECONDS},
    number::MAX_SAFE_INTEGER,
};
use schemars::{JsonSchema as _, SchemaGenerator};
use serde_json::{Value, json};

use crate::{
    badge::Style,
    index::{filter::DEFAULT_ROWS, key::Order},
    poll::Format,
};

use super::reference;

/// The parameters that several operations share, by name.
pub(super) fn all() -> Value {
    json!({
        "JobId": job_id("job_1234567890abcdef"),
        "Include": {
            "name": "include",
            "in": "query",
            "description": "The parts to add to the document, comma-separated or repeated; an empty value adds none.",
            "style": "form",
            "explode": false,
            "schema": { "type": "array", "items": { "type": "string", "enum": Include::NAMES } },
            "example": ["logs", "metrics", "resources"],
        },
        "Cursor": {
            "name": "cursor",
            "in": "query",
            "description": "The last version of the document that the client received, `<epoch>.<seq>`. A malformed cursor names no version.",
            "schema": { "type": "string" },
            "example": "k3v9a0.17",
        },
        "LastEventId": {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "A cursor, or `end` in a stream of many jobs. It takes precedence over `cursor`; browsers send it when they reconnect.",
            "schema": { "type": "string" },
        },
        "LastEventIdInUrl": {
            "name": "lastEventId",
            "in": "query",
            "description": "Like the header `Last-Event-ID`, which takes precedence; polyfills of `EventSource` send it.",
            "schema": { "type": "string" },
        },
    })
}

/// A reference to a shared parameter.
pub(super) fn shared(name: &str) -> Value {
    reference("parameters", name)
}

/// The job id in a path.
pub(super) fn job_id(example: &str) -> Value {
    json!({
        "name": "jobId",
        "in": "path",
        "required": true,
        "schema": reference("schemas", "JobId"),
        "example": example,
    })
}

/// Another name in a path.
pub(super) fn path(name: &str, description: &str, example: &str) -> Value {
    json!({
        "name": name,
        "in": "path",
        "required": true,
        "description": description,
        "schema": reference("schemas", "PairId"),
        "example": example,
    })
}

fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

/// The parameter `create` of a report.
pub(super) fn create() -> Value {
    let schema = json!({ "type": "boolean", "default": false });
    let mut create = query("create", "Whether to create the job if it does not exist.", schema);
    create["example"] = true.into();
    create
}

/// The parameter `replace` of a report.
pub(super) fn replace() -> Value {
    query(
        "replace",
        "`ended`: if the job has ended, the report is the first one of a new job under the same id. Only for the first report of a run.",
        json!({ "enum": Replace::ALL.map(Replace::as_str) }),
    )
}

/// The parameter `parentId` of a report.
pub(super) fn parent_id() -> Value {
    let description = "The parent of the job, if the report creates it. It requires `create` or `replace`.";
    query("parentId", description, reference("schemas", "JobId"))
}

/// The parameter `format` of a status.
pub(super) fn format() -> Value {
    query(
        "format",
        "`json` for the whole document, `summary` for a short form.",
        json!({ "enum": Format::NAMES, "default": "json" }),
    )
}

/// The parameter `wait`.
pub(super) fn wait(description: &str) -> Value {
    let schema = json!({ "type": "integer", "minimum": 0, "maximum": WAIT_SECONDS, "default": 0 });
    query("wait", description, schema)
}

/// The header `If-None-Match`.
pub(super) fn if_none_match(description: &str) -> Value {
    json!({ "name": "If-None-Match", "in": "header", "description": description, "schema": { "type": "string" } })
}

/// The parameter `label` of a badge.
pub(super) fn badge_label() -> Value {
    let schema = json!({ "type": "string", "maxLength": BADGE_LABEL_CHARS });
    let mut label = query(
        "label",
        "The text before the state; without it the kind of the job, else `job`; an empty one leaves the state alone.",
        schema,
    );
    label["example"] = "Import".into();
    label
}

/// The parameter `style` of a badge.
pub(super) fn badge_style() -> Value {
    let [default, _] = Style::NAMES;
    query(
        "style",
        "`flat` for the label and the state, `bar` for a progress bar between them.",
        json!({ "enum": Style::NAMES, "default": default }),
    )
}

/// The parameter `after` of a log.
pub(super) fn after() -> Value {
    let schema = json!({ "type": "integer", "minimum": 0, "maximum": MAX_SAFE_INTEGER, "default": 0 });
    query("after", "The line number after which the page begins.", schema)
}

/// The parameter `limit` of a log.
pub(super) fn limit() -> Value {
    let schema = json!({ "type": "integer", "minimum": 1, "maximum": LOG_LINES_RESUME, "default": 200 });
    query("limit", "The maximum number of lines.", schema)
}

/// The parameter `after` of a list of deliveries.
pub(super) fn after_delivery() -> Value {
    let schema = json!({ "type": "integer", "minimum": 0, "maximum": MAX_SAFE_INTEGER, "default": 0 });
    query("after", "The number of the delivery after which the page begins.", schema)
}

/// The parameter `limit` of a list of deliveries.
pub(super) fn limit_of_deliveries() -> Value {
    let schema = json!({ "type": "integer", "minimum": 1, "maximum": DELIVERIES, "default": 100 });
    query("limit", "The maximum number of deliveries.", schema)
}

/// The number of a delivery in a path.
pub(super) fn delivery_number() -> Value {
    json!({
        "name": "number",
        "in": "path",
        "required": true,
        "description": "The number of the delivery.",
        "schema": { "type": "integer", "minimum": 1, "maximum": MAX_SAFE_INTEGER },
        "example": 7,
    })
}

/// The parameters that say which jobs a list has.
pub(super) fn filters() -> Vec<Value> {
    let text =
        |name: &str, description: &str| query(name, description, json!({ "type": "string", "maxLength": NAME_BYTES }));
    let time = |name: &str, description: &str| {
        query(name, description, json!(Timestamp::json_schema(&mut SchemaGenerator::default())))
    };
    let mut statuses = query(
        "status",
        "The states, comma-separated or repeated; all if it is absent.",
        json!({ "type": "array", "items": { "type": "string", "enum": Status::ALL.map(Status::as_str) } }),
    );
    statuses["style"] = "form".into();
    statuses["explode"] = false.into();
    vec![
        statuses,
        text("kind", "The kind."),
        text("endpointId", "The endpoint."),
        text("priority", "The priority."),
        query("parentId", "The id of the job to which they belong.", reference("schemas", "JobId")),
        text(
            "q",
            "A text that the id, the kind, the endpoint, the message, the error or the value of a tag contains, in any case. There is also `tags.NAME=VALUE` for each tag that the jobs must carry.",
        ),
        time("createdAfter", "The earliest time of the creation."),
        time("createdBefore", "The first time of the creation that is too late."),
    ]
}

/// The parameter `order` of a list.
pub(super) fn order() -> Value {
    let [default, _] = Order::NAMES;
    let schema = json!({ "type": "string", "enum": Order::NAMES, "default": default });
    query("order", "`desc`: the newest job first; `asc`: the oldest.", schema)
}

/// The parameter `limit` of a list.
pub(super) fn limit_of_list() -> Value {
    let schema = json!({ "type": "integer", "minimum": 1, "maximum": LIST_ROWS, "default": DEFAULT_ROWS });
    query("limit", "The maximum number of jobs.", schema)
}

/// The parameter `cursor` of a list.
pub(super) fn list_cursor() -> Value {
    query("cursor", "The `nextCursor` of the page before.", json!({ "type": "string" }))
}

/// The parameter `jobIds` of a stream of many jobs.
pub(super) fn job_ids() -> Value {
    json!({
        "name": "jobIds",
        "in": "query",
        "required": true,
        "description": "The ids of the jobs, comma-separated or repeated.",
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
