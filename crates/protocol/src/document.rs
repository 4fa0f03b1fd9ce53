//! The document: the state of a job as readers get it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    children::Children,
    control::{Control, ControlRequest},
    cursor::Cursor,
    include::Include,
    log_line::LogLine,
    number::Number,
    status::{Status, Substate},
    step::Step,
    time::Timestamp,
};

/// A free-form JSON object. Its members keep the order in which they were sent.
pub type Object = Map<String, Value>;

/// A job's status document: a pure function of its committed changes.
///
/// No field depends on the time of the read. Durations are in seconds, times are RFC 3339 in UTC.
// The doc comments of the fields are their descriptions in the OpenAPI document and in PROTOCOL.md.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The job's id.
    pub job_id: String,
    /// The lifecycle state of the job.
    pub status: Status,
    /// What a running job is doing. Cleared when the status changes, unless the same report sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substate: Option<Substate>,
    /// Percent done, or null if it is unknown (indeterminate), as with a `total` of 0.
    #[cfg_attr(feature = "schema", schemars(range(max = 100)))]
    pub progress: Option<Number>,
    /// Units done, as reported. It can exceed `total`; a `progress` that is calculated from both is at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Number>,
    /// Units in total. 0 is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Number>,
    /// What is counted: `files`, `bytes`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// One human-readable line: what the job is doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The name of the current step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_step: Option<String>,
    /// The steps of the job, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Step>>,
    /// Free-form strings by name, as in the Tensorlake API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<std::collections::BTreeMap<String, String>>"))]
    pub attributes: Option<Object>,
    /// The endpoint or program that runs the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_id: Option<String>,
    /// The kind of job, a text that the producer chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The priority, a text that the producer chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// The id of the parent: the job to which this one belongs. It need not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The jobs whose `parentId` is this one. Absent while there are none. Without a `progress` of its own the job has that of its children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Children>,
    /// When the job was created.
    pub created_at: Timestamp,
    /// When the job was first running in this attempt. Absent if it was never running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When the last change was committed.
    pub updated_at: Timestamp,
    /// When the job completed. At most one of the four end times is present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When the job failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
    /// When the job was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// When the job timed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed_out_at: Option<Timestamp>,
    /// Seconds from `startedAt` to the end. Absent without `startedAt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_time: Option<Number>,
    /// When the job is expected to end: the producer's value, else the server's estimate. Cleared at the end, unless the same report sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_completion: Option<Timestamp>,
    /// How long jobs of this `kind` (or else of this `endpointId`) usually take, in seconds: the median of the last ones that completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_seconds: Option<Number>,
    /// The speed of the job: the producer's value, else the server's estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Throughput>,
    /// The number of jobs ahead in the queue. Cleared when the status changes, unless the same report sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// Why the job makes no progress. Cleared when the status changes, unless the same report sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Free-form details of the progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Object>,
    /// Free-form labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Object>,
    /// What the job used: duration, cost, tokens, calls, in any shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<Object>,
    /// Details of the cold start, in any shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_start: Option<Object>,
    /// The output of the job. Producers SHOULD use this field and not `result`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// The output of the job under the name that the Flask API uses. The Flask path returns it in preference to `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Figures of the finished job, in any shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_metrics: Option<Object>,
    /// Why the job failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
    /// What was done before the job failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_results: Option<Value>,
    /// Whether another attempt can succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// The number of retries: `attempt` − 1 after a retry, or the number that the producer reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_count: Option<u64>,
    /// When the job will be retried. While it is in the future, streams stay open after the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_retry_at: Option<Timestamp>,
    /// The current attempt, from 1. A retry begins the next one.
    pub attempt: u64,
    /// The former attempts, oldest first. Only the last ones are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Vec<Attempt>>,
    /// The longest time in seconds from `startedAt` to the end. A job that exceeds it ends as `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// The longest time in seconds without a report while the job is initializing or running. A job that exceeds it ends as `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_timeout_seconds: Option<u64>,
    /// The time in seconds without a report after which an initializing or running job is marked with `stalledSince`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalled_after_seconds: Option<u64>,
    /// The time in seconds from the end of the job to its deletion: 30 days if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_seconds: Option<u64>,
    /// The time of the last report, if none has followed for `stalledAfterSeconds`. The next report clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalled_since: Option<Timestamp>,
    /// When the server will delete the job. Absent until the job has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The requests that the producer honours; `pause` includes `resume`. Without it all of them can be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls: Option<Vec<ControlRequest>>,
    /// The pending request to the producer. Cleared when the job is in the state that was requested, or has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// The number of the last change, from 1. Each accepted report, each control request and each deadline that passes is one change.
    pub seq: u64,
    /// Six random characters that distinguish this job from another one created under the same id.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-z]{6}$")))]
    pub epoch: String,
    /// Free-form figures. Present only if `include` has `metrics`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Object>,
    /// Resources in use, in any shape. Present only if `include` has `resources`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Object>,
    /// The last log lines. Present only if `include` has `logs`, and never in a stream, which sends log lines in events of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<Vec<LogLine>>,
}

/// The speed of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Throughput {
    /// Units per second.
    pub rate: Number,
    /// What is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Why a job makes no progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waiting {
    /// The human-readable reason.
    pub reason: String,
    /// When the wait ends, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobError {
    /// The machine-readable reason; `FAILED` if the producer sent none.
    pub code: String,
    /// The human-readable reason.
    pub message: String,
    /// Further details of the error, in any shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// A former attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The number of the attempt, from 1.
    pub attempt: u64,
    /// The terminal state of the attempt.
    pub status: Status,
    /// When the attempt was first running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When the attempt ended.
    pub ended_at: Timestamp,
    /// Why the attempt failed, without `details`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
}

/// The response with `format=summary`: enough for a list of jobs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Summary<'a> {
    job_id: &'a str,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    substate: Option<Substate>,
    #[cfg_attr(feature = "schema", schemars(range(max = 100)))]
    progress: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_step: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_completion: Option<Timestamp>,
    attempt: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stalled_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    control: Option<&'a Control>,
    updated_at: Timestamp,
    seq: u64,
}

impl Document {
    /// The document of a new job: `queued`, attempt 1, and no optional field. Its first commit is `seq` 1.
    pub fn new(job_id: String, epoch: String, now: Timestamp) -> Document {
        Document { job_id, epoch, created_at: now, updated_at: now, attempt: 1, seq: 1, ..Document::default() }
    }

    /// The cursor of a reader that has this document.
    pub fn cursor(&self) -> Cursor {
        Cursor::new(&self.epoch, self.seq)
    }

    /// When the job ended; `None` while it has not.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.completed_at.or(self.failed_at).or(self.cancelled_at).or(self.timed_out_at)
    }

    /// Records a change that was committed at `now`. If the clock was set back, the time of the change is the one of the last
    /// change: no time in a document is before one that it follows.
    pub fn record_change(&mut self, now: Timestamp) {
        self.updated_at = now.max(self.updated_at);
        self.seq = self.seq.saturating_add(1);
    }

    /// The document as a reader with `include` gets it, without log lines.
    pub fn view(&self, include: Include) -> Cow<'_, Document> {
        let hide_metrics = self.metrics.is_some() && !include.metrics();
        let hide_resources = self.resources.is_some() && !include.resources();
        if !hide_metrics && !hide_resources {
            return Cow::Borrowed(self);
        }
        let mut seen = self.clone();
        if hide_metrics {
            seen.metrics = None;
        }
        if hide_resources {
            seen.resources = None;
        }
        Cow::Owned(seen)
    }

    /// The short form of the document.
    pub fn summary(&self) -> Summary<'_> {
        Summary {
            job_id: &self.job_id,
            status: self.status,
            substate: self.substate,
            progress: self.progress,
            message: self.message.as_deref(),
            current_step: self.current_step.as_deref(),
            estimated_completion: self.estimated_completion,
            attempt: self.attempt,
            stalled_since: self.stalled_since,
            control: self.control.as_ref(),
            updated_at: self.updated_at,
            seq: self.seq,
        }
    }
}
