//! The bodies of responses that have no type of their own in the code, because the edge joins them from JSON texts.

use protocol::{Document, Problem, answer::ControlState};
use schemars::JsonSchema;
use serde::Serialize;

use crate::index::row::Row;

/// The response of `POST /v2/jobs/status/batch`.
#[derive(JsonSchema, Serialize)]
pub(super) struct BatchAnswer {
    /// The documents, in the order of the request.
    jobs: Vec<Document>,
    /// A problem for each job that does not exist, that the caller may not read or has read too often, or whose document
    /// does not fit into the response any more.
    errors: Vec<JobProblem>,
}

/// The response of `POST /v2/jobs/control/batch`.
#[derive(JsonSchema, Serialize)]
pub(super) struct ControlBatchAnswer<'a> {
    /// The state of each job after the request, in the order of the request.
    jobs: Vec<ControlState<'a>>,
    /// A problem for each job that refused the request, does not exist, or that the caller may not control.
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

/// The member that a status response adds to the document.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Polling {
    /// The number of milliseconds to wait before the next poll; absent if the job has ended, unless its `nextRetryAt` is in the future by at most an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_after_ms: Option<u64>,
}

/// The response of the Flask API for a task that does not exist.
#[derive(JsonSchema, Serialize)]
pub(super) struct TaskNotFound {
    #[schemars(extend("const" = "Task not found"))]
    error: String,
}

/// The response of `GET /v2/jobs`.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobList {
    /// The jobs, in order.
    jobs: Vec<Row>,
    /// The `cursor` of the next page; absent at the end of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The response of `GET /healthz`.
#[derive(JsonSchema, Serialize)]
pub(super) struct Health {
    #[schemars(extend("enum" = ["ok", "draining", "unready"]))]
    status: String,
}
