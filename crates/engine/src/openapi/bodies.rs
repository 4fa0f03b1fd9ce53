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

use crate::{mint::MINTABLE, permission::Permission};

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
    /// The jobs; an entry that is not a job id is reported in the errors.
    #[schemars(length(min = 1, max = JOBS), inner(length(max = NAME_BYTES)))]
    job_ids: Vec<String>,
    /// What to show of each beyond the document.
    include: Option<IncludeList>,
}

/// The response of `POST /v2/jobs/status/batch`.
#[derive(JsonSchema, Serialize)]
pub(super) struct BatchAnswer {
    /// The documents, in the order of the request.
    jobs: Vec<Document>,
    /// A problem for each job that does not exist or that the caller may not read.
    errors: Vec<JobProblem>,
}

/// The problem of one job.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobProblem {
    /// The id of the job.
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

/// The body of `POST /v2/tokens`.
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
            "description": "The token to create.",
            "properties": {
                "jobIds": {
                    "type": "array",
                    "items": generator.subschema_for::<JobId>(),
                    "minItems": 1,
                    "maxItems": JOBS,
                    "description": "The ids of the jobs that the token is for; the jobs need not exist yet.",
                },
                "permissions": {
                    "type": ["array", "null"],
                    "items": { "type": "string", "enum": names },
                    "minItems": 1,
                    "maxItems": names.len(),
                    "default": [reads],
                    "description": "The permissions of the token.",
                },
                "expiresIn": {
                    "type": ["integer", "null"],
                    "minimum": 1,
                    "maximum": READ_TOKEN_SECONDS,
                    "description": "The lifetime in seconds. Read-only tokens: 24 h by default, at most 30 days; others: 15 min by default, at most 24 h.",
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

/// The member that a status response adds to the document.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Polling {
    /// The number of milliseconds to wait before the next poll; absent once the job has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_after_ms: Option<u64>,
}

/// The response of the Flask API for a task that does not exist.
#[derive(JsonSchema, Serialize)]
pub(super) struct TaskNotFound {
    #[schemars(extend("const" = "Task not found"))]
    error: String,
}

/// The response of `GET /healthz`.
#[derive(JsonSchema, Serialize)]
pub(super) struct Health {
    #[schemars(extend("const" = "ok"))]
    status: String,
}
