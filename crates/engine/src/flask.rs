//! The Flask task-status API, as a view of the document.

use protocol::{Document, Status, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// The complete body of the response for an unknown task.
pub const NOT_FOUND: &str = r#"{"error":"Task not found"}"#;

/// The response of `GET /api/task-status/{task_id}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaskStatus<'a> {
    /// `completed`; `failed` for a job that failed, was cancelled or timed out; else `pending`.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["pending", "completed", "failed"])))]
    pub status: &'static str,
    /// The document's `message`, or an empty string.
    pub progress: &'a str,
    /// The document's `createdAt`.
    pub created_at: Timestamp,
    /// The document's `result`, else its `output`, else null. Present only for a completed task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// The document's `completedAt`. Present only for a completed task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// The document's `error.message`, or `Unknown error`. Present only for a failed task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
}

/// The document in the shape of that API.
pub fn task_status(document: &Document) -> TaskStatus<'_> {
    let mut task = TaskStatus {
        status: "pending",
        progress: document.message.as_deref().unwrap_or(""),
        created_at: document.created_at,
        result: None,
        completed_at: None,
        error: None,
    };
    match document.status {
        Status::Completed => {
            task.status = "completed";
            // A null result is sent too, because clients of the Flask API expect the member in every completed task.
            task.result = Some(document.result.clone().or_else(|| document.output.clone()).unwrap_or(Value::Null));
            task.completed_at = document.completed_at;
        }
        Status::Failed | Status::Cancelled | Status::Timeout => {
            task.status = "failed";
            task.error = Some(document.error.as_ref().map_or("Unknown error", |error| error.message.as_str()));
        }
        _ => {}
    }
    task
}
