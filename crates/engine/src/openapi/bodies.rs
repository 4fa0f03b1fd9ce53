//! The bodies that are read member by member, without a type of their own, and answers that are put together.

use std::borrow::Cow;

use protocol::{
    Document, Problem,
    id::JobId,
    include::Include,
    limits::{CHANGE_TOKEN_SECONDS, JOBS, NAME_BYTES, READ_TOKEN_SECONDS},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::mint::MINTABLE;
use crate::permission::Permission;

/// A set of `logs`, `metrics`, `resources` as a body holds it.
struct IncludeList;

impl JsonSchema for IncludeList {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Include".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = Include::NAMES;
        let items = serde_json::json!({ "type": "string", "enum": names });
        json_schema!({ "type": "array", "items": items, "maxItems": names.len() })
    }
}

/// What `POST /v2/jobs/status/batch` is sent.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, extend("required" = ["jobIds"]))]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) struct BatchRequest {
    /// The jobs; what is no job id is told among the errors.
    #[schemars(length(min = 1, max = JOBS), inner(length(max = NAME_BYTES)))]
    job_ids: Vec<String>,
    /// What to show of each beyond the document.
    include: Option<IncludeList>,
}

/// What `POST /v2/jobs/status/batch` answers.
#[derive(JsonSchema, Serialize)]
pub(super) struct BatchAnswer {
    /// The documents, in the order asked.
    jobs: Vec<Document>,
    /// A problem for each job that is missing or closed to the caller.
    errors: Vec<JobProblem>,
}

/// The problem of one job.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobProblem {
    /// Whose problem it is.
    job_id: String,
    #[serde(flatten)]
    problem: Problem,
}

/// What `POST /v2/jobs/status/stream` is sent.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) struct StreamRequest {
    /// The jobs.
    #[schemars(length(min = 1, max = JOBS))]
    jobs: Vec<StreamedJob>,
}

/// A job of a stream of many.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, extend("required" = ["jobId"]))]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) struct StreamedJob {
    /// Its id.
    #[schemars(length(max = NAME_BYTES))]
    job_id: String,
    /// A token of its own, which stands in for the request's credential.
    token: Option<String>,
    /// What to show of it beyond the document.
    include: Option<IncludeList>,
    /// Where the reader stands; a text that is no cursor counts as none.
    #[schemars(length(max = NAME_BYTES))]
    cursor: Option<String>,
}

/// What `POST /v2/tokens` is sent.
pub(super) struct TokenRequest;

impl JsonSchema for TokenRequest {
    fn schema_name() -> Cow<'static, str> {
        "TokenRequest".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let names = MINTABLE.map(Permission::name);
        let reads = Permission::Read.name();
        json_schema!({
            "type": "object",
            "description": "A token to be made.",
            "properties": {
                "jobIds": {
                    "type": "array",
                    "items": generator.subschema_for::<JobId>(),
                    "minItems": 1,
                    "maxItems": JOBS,
                    "description": "The jobs it is for; they need not exist yet.",
                },
                "permissions": {
                    "type": ["array", "null"],
                    "items": { "type": "string", "enum": names },
                    "minItems": 1,
                    "maxItems": names.len(),
                    "default": [reads],
                    "description": "What it allows.",
                },
                "expiresIn": {
                    "type": ["integer", "null"],
                    "minimum": 1,
                    "maximum": READ_TOKEN_SECONDS,
                    "description": "Seconds it lives: 24 h by default and 30 days at most if it only reads, else 15 min and 24 h.",
                },
            },
            "required": ["jobIds"],
            "additionalProperties": false,
            "anyOf": [
                { "properties": { "expiresIn": { "maximum": CHANGE_TOKEN_SECONDS } } },
                { "properties": { "permissions": { "items": { "const": reads } } } },
            ],
        })
    }
}

/// What a status answer adds to the document.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Polling {
    /// Milliseconds after which asking again makes sense; absent when nothing will come any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_after_ms: Option<u64>,
}

/// What a Flask reader hears of a task that is not there.
#[derive(JsonSchema, Serialize)]
pub(super) struct TaskNotFound {
    #[schemars(extend("const" = "Task not found"))]
    error: String,
}

/// What `GET /healthz` answers.
#[derive(JsonSchema, Serialize)]
pub(super) struct Health {
    #[schemars(extend("const" = "ok"))]
    status: String,
}
