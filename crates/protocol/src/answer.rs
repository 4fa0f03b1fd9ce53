//! The bodies of successful responses other than the document.

use serde::Serialize;

#[cfg(feature = "schema")]
use crate::limits::TRUNCATED;
use crate::{control::Control, document::Document, problem::Problem, status::Status};

/// Why a valid report changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// Its `order` does not exceed the last one of its producer, or its `attempt` is not the current one.
    Stale,
    /// The job has ended.
    Finished,
}

/// The response to one report, or to a list of reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReportAnswer<'a> {
    /// The job's id.
    pub job_id: &'a str,
    /// The number of the job's last change.
    pub seq: u64,
    /// The lifecycle state of the job.
    pub status: Status,
    /// The current attempt. A report with another `attempt` is stale.
    pub attempt: u64,
    /// Whether the report, or every report of the list, was folded into the document.
    pub accepted: bool,
    /// Why a single report was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The pending request to the producer, or null.
    pub control: Option<&'a Control>,
    /// What was cut from a single report because it was too long: paths such as `error.message`.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TRUNCATED)))]
    pub truncated: &'a [String],
    /// One item per report of a list, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<Vec<ItemAnswer<'a>>>,
}

/// The result of one report of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ItemAnswer<'a> {
    /// The number of the job's last change after the report.
    pub seq: u64,
    /// Whether the report was folded into the document.
    pub accepted: bool,
    /// Why a valid report was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What was cut from the report because it was too long: paths such as `error.message`.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TRUNCATED)))]
    pub truncated: &'a [String],
    /// Why the report was refused: `error`, `message` and `details`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// The response to a creation by a caller that may not read the job.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Receipt<'a> {
    /// The job's id.
    pub job_id: &'a str,
    /// The number of the job's last change.
    pub seq: u64,
    /// The lifecycle state of the job.
    pub status: Status,
    /// What was cut because it was too long: paths such as `error.message`.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TRUNCATED)))]
    pub truncated: &'a [String],
}

/// The state of a job and the pending request, for its producer and for a caller that may only control the job.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ControlState<'a> {
    /// The job's id.
    pub job_id: &'a str,
    /// The number of the job's last change.
    pub seq: u64,
    /// The lifecycle state of the job.
    pub status: Status,
    /// The current attempt.
    pub attempt: u64,
    /// The pending request to the producer, or null.
    pub control: Option<&'a Control>,
}

impl<'a> ControlState<'a> {
    /// The state of a job.
    pub fn of(document: &'a Document) -> ControlState<'a> {
        let Document { job_id, seq, status, attempt, control, .. } = document;
        ControlState { job_id, seq: *seq, status: *status, attempt: *attempt, control: control.as_ref() }
    }
}

/// The absolute URLs of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Links {
    /// The document.
    pub status: String,
    /// The stream.
    pub stream: String,
    /// The URL for reports.
    pub reports: String,
    /// A page that shows the job, with the token in the fragment. Absent without a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// What the creation of a job adds to the response.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// The absolute URLs of the job.
    pub links: Links,
    /// A token that can read this job, for browsers. Absent if the credential cannot mint one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// The data of an `end` frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct End<'a> {
    /// The job's id.
    pub job_id: &'a str,
    /// The terminal state.
    pub status: Status,
    /// The number of the job's last change.
    pub seq: u64,
}

impl<'a> End<'a> {
    /// The `end` data of a job.
    pub fn of(document: &'a Document) -> End<'a> {
        End { job_id: &document.job_id, status: document.status, seq: document.seq }
    }
}
