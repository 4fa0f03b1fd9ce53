//! The document as a view shows it.

use client::{browser::Value, json::Json};
use protocol::{Status, Substate, Timestamp, control::ControlRequest};
use widget::{Job, text::summary};

/// When the last change was committed.
pub(crate) fn updated_at(document: &Value) -> Option<Timestamp> {
    time(document, "updatedAt")
}

fn time(document: &Value, key: &str) -> Option<Timestamp> {
    document.text(key).and_then(|time| Timestamp::parse(&time))
}

/// Reads a status document; `None` if its status is unknown.
pub(crate) fn job(document: &Value) -> Option<Job> {
    let text = |object: &Value, key| object.text(key).map(|text| summary(&text)).filter(|text| !text.is_empty());
    let time = |key| time(document, key);
    Some(Job {
        status: Status::parse(&document.text("status")?)?,
        substate: document.text("substate").and_then(|name| Substate::parse(&name)),
        pending: document.get("control").text("request").and_then(|request| pending(&request)),
        progress: document.number("progress"),
        message: text(document, "message")
            .or_else(|| text(&document.get("waiting"), "reason"))
            .or_else(|| text(document, "currentStep")),
        error: text(&document.get("error"), "message"),
        estimated_completion: time("estimatedCompletion"),
        execution_time: document.number("executionTime"),
        queue_position: document.number("queuePosition"),
        updated_at: time("updatedAt"),
        stalled_after: document.number("stalledAfterSeconds"),
        stalled_since: time("stalledSince"),
        next_retry_at: time("nextRetryAt"),
    })
}

/// The pending request of that name. It is smaller than [`ControlRequest::parse`].
fn pending(request: &str) -> Option<ControlRequest> {
    match request {
        "cancel" => Some(ControlRequest::Cancel),
        "pause" => Some(ControlRequest::Pause),
        "resume" => Some(ControlRequest::Resume),
        _ => None,
    }
}
