//! Control: which requests to cancel, pause, resume or retry a job are allowed, and what they change.

mod options;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use protocol::{
    Document, Problem, Status, Timestamp,
    answer::ControlState,
    control::{Control, ControlRequest},
    document::JobError,
    fold::CANCELLED,
    include::Include,
    problem::Code,
};
use serde::Serialize;

#[cfg(feature = "schema")]
pub use self::options::{Cancellation, ControlReason};
pub use self::options::{ControlBatchRequest, ControlOptions};

use crate::{
    children::cancellation::{ChildrenCancellation, RequestId},
    job::Job,
    lifecycle::Lifecycle,
};

/// What a request does to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Nothing: the request is pending already, or the job is in the requested state.
    Nothing,
    /// The request is pending until the producer confirms it.
    Ask,
    /// The job is cancelled at once.
    Cancel,
    /// The next attempt begins at once.
    Retry,
}

/// Applies a request to `job` at `now`. The result is the job and whether it changed, or only its record.
///
/// A job that has not begun is cancelled at once, and a retry begins at once. In every other case the request is pending
/// until a report enters the requested state, or the job ends. A later request replaces the pending one. A request to cancel
/// the children too is noted in the record; the object makes it after the commit.
///
/// # Errors
///
/// `INVALID_TRANSITION` if the state, or the `controls` of the job, do not allow the request.
pub fn apply(
    mut job: Job,
    request: ControlRequest,
    options: ControlOptions,
    now: Timestamp,
) -> Result<(Job, bool), Problem> {
    let effect = match effect(&job.document, request, options.force) {
        Some(effect) => effect,
        // A job that has ended may have children that have not.
        None if options.children && job.document.status.is_terminal() && is_listed(&job.document, request) => {
            Effect::Nothing
        }
        None => return Err(refusal(&job.document, request)),
    };
    let former = job.record.cancellation.as_ref();
    let is_repeated = former.zip(options.of_parent).is_some_and(|(former, of_parent)| former.repeats(of_parent));
    let is_in_a_circle = options.of_parent.is_some_and(RequestId::is_in_a_circle);
    let asks_children = options.children && !is_repeated && !is_in_a_circle;
    if asks_children {
        let asked = ChildrenCancellation::new(former, options.reason.clone(), options.force, now);
        job.record.cancellation = Some(asked.of_parent(options.of_parent));
    }
    let before = Lifecycle::of(&job.document);
    match effect {
        Effect::Nothing => return Ok((job, asks_children)),
        Effect::Ask => {
            // No two requests have the same time, by which producers distinguish them.
            let at = now.max(job.document.updated_at.plus_millis(1));
            job.document.control = Some(Control { request, at, reason: options.reason });
            job.document.record_change(at);
            job.stored_bytes = None;
            job.publish_change(Some(before));
        }
        Effect::Cancel => {
            let error = |message| JobError { code: CANCELLED.to_owned(), message, details: None };
            job.end(Status::Cancelled, options.reason.map(error), now);
        }
        Effect::Retry => {
            job.retry(now);
            job.document.message = options.reason;
            job.publish_change(Some(before));
        }
    }
    Ok((job, true))
}

/// What the request does to the job; `None` if it is not allowed.
fn effect(document: &Document, request: ControlRequest, force: bool) -> Option<Effect> {
    use ControlRequest::{Cancel, Pause, Resume, Retry};
    use Status::{Cancelled, Failed, Initializing, Paused, Queued, Running, Timeout};
    if !is_listed(document, request) {
        return None;
    }
    let pending = document.control.as_ref().map(|control| control.request);
    Some(match (request, document.status) {
        (Cancel, Cancelled) => Effect::Nothing,
        (Cancel, status) if status.is_terminal() => return None,
        (Cancel, Queued) => Effect::Cancel,
        (Cancel, _) if force => Effect::Cancel,
        (Retry, Failed | Cancelled | Timeout) => Effect::Retry,
        (Retry, Queued) if document.attempt > 1 => Effect::Nothing,
        _ if pending == Some(request) => Effect::Nothing,
        (Cancel, _) => Effect::Ask,
        // A job that is to be cancelled neither pauses nor continues.
        (Pause | Resume, _) if pending == Some(Cancel) => return None,
        (Pause, Paused) if pending.is_none() => Effect::Nothing,
        (Resume, Initializing | Running) if pending.is_none() => Effect::Nothing,
        (Pause | Resume, Initializing | Running | Paused) => Effect::Ask,
        _ => return None,
    })
}

/// Whether the producer honours the request, as far as it has said which ones.
fn is_listed(document: &Document, request: ControlRequest) -> bool {
    document.controls.as_ref().is_none_or(|controls| controls.contains(&request.listed_as()))
}

/// The problem of a request that is not allowed.
fn refusal(document: &Document, request: ControlRequest) -> Problem {
    let allowed: Vec<&str> = ControlRequest::ALL
        .into_iter()
        .filter(|request| effect(document, *request, false).is_some())
        .map(ControlRequest::as_str)
        .collect();
    let status = document.status.as_str();
    let because = match &document.control {
        _ if !is_listed(document, request) => "the producer does not honour this request".to_owned(),
        Some(control) if !document.status.is_terminal() => {
            format!("the job is {status} with a pending request to {}", control.request.as_str())
        }
        _ => format!("the job is {status}"),
    };
    let allowed_now = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
    let message = format!("`{}` is not allowed because {because}; allowed: {allowed_now}", request.as_str());
    Problem::new(Code::InvalidTransition, message)
        .with("field", "request")
        .with("status", status)
        .with("allowed", allowed)
}

/// The version of the control state: the pending request, the attempt, and whether the job has ended. It identifies
/// the response of `GET …/control` and is part of the head of a control frame.
///
/// ```
/// use engine::control::version;
/// use protocol::{Document, Timestamp};
/// let document = Document::new("import-42".into(), "k3v9a0".into(), Timestamp::from_millis(0));
/// assert_eq!(version(&document), "k3v9a0.1.none");
/// ```
pub fn version(document: &Document) -> String {
    let Document { epoch, attempt, .. } = document;
    match &document.control {
        _ if document.status.is_terminal() => format!("{epoch}.{attempt}.ended"),
        Some(control) => format!("{epoch}.{attempt}.{}.{}", control.request.as_str(), control.at.millis()),
        None => format!("{epoch}.{attempt}.none"),
    }
}

/// What is pending in a control state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// No request is pending.
    Nothing,
    /// A request is pending.
    Request,
    /// The job has ended, so that no request will be pending in this attempt.
    Ended,
}

impl Pending {
    /// What is pending in the control state with this [`version`].
    pub fn of(version: &str) -> Pending {
        match version.rsplit('.').next() {
            Some("none") => Pending::Nothing,
            Some("ended") => Pending::Ended,
            _ => Pending::Request,
        }
    }
}

/// The response to a control request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ControlAnswer<'a> {
    /// The document, for a caller that may read it.
    Document {
        /// The document, without the parts that `include` asks for.
        #[serde(flatten)]
        document: Box<Cow<'a, Document>>,
        /// The texts that were cut.
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        truncated: &'a [String],
    },
    /// The state alone, for a caller that may not read the document.
    State {
        /// The state.
        #[serde(flatten)]
        state: ControlState<'a>,
        /// The texts that were cut.
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        truncated: &'a [String],
    },
}

impl<'a> ControlAnswer<'a> {
    /// The response about a job. A `receipt` shows nothing that producers reported but the state.
    pub fn new(document: &'a Document, truncated: &'a [String], receipt: bool) -> ControlAnswer<'a> {
        match receipt {
            true => ControlAnswer::State { state: ControlState::of(document), truncated },
            false => ControlAnswer::Document { document: Box::new(document.view(Include::NONE)), truncated },
        }
    }
}
