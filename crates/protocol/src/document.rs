//! The document: what a reader gets to see of a job.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    cursor::Cursor,
    include::Include,
    log_line::LogLine,
    number::Number,
    status::{Status, Substate},
    step::Step,
    time::Timestamp,
};

/// A JSON object whose members are the producer's own, kept in the order they were sent.
pub type Object = Map<String, Value>;

/// A job's status document: a pure function of its committed changes.
///
/// Nothing in it depends on when it is read. Durations are seconds, times are RFC 3339 UTC, `progress` is 0–100 or null
/// where nobody knows (indeterminate).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The job's id.
    pub job_id: String,
    /// Where it stands.
    pub status: Status,
    /// What it is doing while running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substate: Option<Substate>,
    /// 0–100, or null where nobody knows.
    #[cfg_attr(feature = "schema", schemars(range(max = 100)))]
    pub progress: Option<Number>,
    /// How many units are done, as reported; it may lie above `total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Number>,
    /// How many units there are; 0 is legal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Number>,
    /// What is counted: `files`, `bytes`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The step it is at, in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_step: Option<String>,
    /// Its steps, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Step>>,
    /// String to string, as in the Tensorlake API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Object>,
    /// The endpoint or program that runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_id: Option<String>,
    /// What sort of job it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its priority, in the producer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was first running, in this attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When the last change was committed.
    pub updated_at: Timestamp,
    /// When it finished well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
    /// When it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// When it ran out of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed_out_at: Option<Timestamp>,
    /// Seconds from `startedAt` to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_time: Option<Number>,
    /// When it is expected to finish: the producer's word, else the server's estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_completion: Option<Timestamp>,
    /// How fast it goes: the producer's word, else the server's estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Throughput>,
    /// How many jobs are before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// Why it does not move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// The producer's free-form details of the progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Object>,
    /// The producer's free-form labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Object>,
    /// What it used: duration, cost, tokens, calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<Object>,
    /// How its cold start went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_start: Option<Object>,
    /// What came out, of any JSON type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// What came out, of any JSON type, for readers of the Flask API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Figures of the finished job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_metrics: Option<Object>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
    /// What was done before it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_results: Option<Value>,
    /// Whether trying again makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// How often it was tried again, as the producer counts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_count: Option<u64>,
    /// When it will be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_retry_at: Option<Timestamp>,
    /// The attempt it is in, from 1.
    pub attempt: u64,
    /// The attempts before this one, oldest first, the last 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Vec<Attempt>>,
    /// Since when nothing has been heard of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalled_since: Option<Timestamp>,
    /// When it will be forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// What the producer is asked to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// One per committed change, from 1.
    pub seq: u64,
    /// Six random characters made with the job; cursors of another epoch are not of this job.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-z]{6}$")))]
    pub epoch: String,
    /// Free-form figures; only when `include` asks for `metrics`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Object>,
    /// Resources in use, in any shape; only when `include` asks for `resources`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Object>,
    /// The last log lines; only when `include` asks for `logs`, and never in a stream, where lines have frames of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<Vec<LogLine>>,
}

/// How fast a job goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Throughput {
    /// Units a second.
    pub rate: Number,
    /// What is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Why a job does not move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waiting {
    /// The reason, for people.
    pub reason: String,
    /// When the wait ends, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobError {
    /// The reason, for programs; `FAILED` when the producer sent a text alone.
    pub code: String,
    /// The reason, for people.
    pub message: String,
    /// More about it, in the producer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// An attempt that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Its number, from 1.
    pub attempt: u64,
    /// How it ended.
    pub status: Status,
    /// When it was first running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
}

/// What the producer is asked to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Control {
    /// `cancel`, `pause` or `resume`.
    pub request: String,
    /// When it was asked.
    pub at: Timestamp,
}

/// What `format=summary` answers: enough for a list.
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
    updated_at: Timestamp,
    seq: u64,
}

impl Document {
    /// The document of a job that was just made: `queued`, attempt 1, nothing known. Its first commit is `seq` 1.
    pub fn new(job_id: String, epoch: String, now: Timestamp) -> Document {
        Document {
            job_id,
            status: Status::Queued,
            substate: None,
            progress: None,
            current: None,
            total: None,
            unit: None,
            message: None,
            current_step: None,
            steps: None,
            attributes: None,
            endpoint_id: None,
            kind: None,
            priority: None,
            created_at: now,
            started_at: None,
            updated_at: now,
            completed_at: None,
            failed_at: None,
            cancelled_at: None,
            timed_out_at: None,
            execution_time: None,
            estimated_completion: None,
            throughput: None,
            queue_position: None,
            waiting: None,
            metadata: None,
            tags: None,
            execution: None,
            cold_start: None,
            output: None,
            result: None,
            final_metrics: None,
            error: None,
            partial_results: None,
            retryable: None,
            retry_count: None,
            next_retry_at: None,
            attempt: 1,
            attempts: None,
            stalled_since: None,
            expires_at: None,
            control: None,
            seq: 1,
            epoch,
            metrics: None,
            resources: None,
            logs: None,
        }
    }

    /// Where a reader of this document stands.
    pub fn cursor(&self) -> Cursor {
        Cursor::new(&self.epoch, self.seq)
    }

    /// When the job ended, if it did.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.completed_at.or(self.failed_at).or(self.cancelled_at).or(self.timed_out_at)
    }

    /// The document as a reader that asked for `include` gets it, log lines aside.
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
            updated_at: self.updated_at,
            seq: self.seq,
        }
    }
}
