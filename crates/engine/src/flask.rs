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
    /// `pending`, `completed` or `failed`.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["pending", "completed", "failed"])))]
    pub status: &'static str,
    /// The message, or an empty string.
    pub progress: &'a str,
    /// When the task was created.
    pub created_at: Timestamp,
    /// The result; only of a completed task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// When the task was completed; only of a completed task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// The message of the error; only of a failed task.
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
