//! Answers: the bodies of successes that are not the document itself.

use serde::Serialize;

use crate::{
    document::{Control, Document},
    problem::Problem,
    status::Status,
};

/// Why a report changed nothing, though there is nothing wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// Its `order` is not above the last one of its producer, or its `attempt` is not the current one.
    Stale,
    /// The job has ended.
    Finished,
}

/// What a producer hears of one report, or of a whole list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReportAnswer<'a> {
    /// The job's id.
    pub job_id: &'a str,
    /// The job's last change.
    pub seq: u64,
    /// Where the job stands.
    pub status: Status,
    /// Whether the report, or every report of the list, became part of the document.
    pub accepted: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What the producer is asked to do, or null.
    pub control: Option<&'a Control>,
    /// One per report of a list, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<Vec<ItemAnswer>>,
}

/// What a producer hears of one report of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ItemAnswer {
    /// The job's last change after it.
    pub seq: u64,
    /// Whether it became part of the document.
    pub accepted: bool,
    /// Why not, when nothing is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why not, when it was refused: `error`, `message` and `details`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Where a job is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Links {
    /// Its document.
    pub status: String,
    /// Its stream.
    pub stream: String,
    /// Where its reports go.
    pub reports: String,
    /// A page that shows it, with the token in the fragment; absent when the key may not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// What creation adds to the document or to the answer of a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// Where the job is found.
    pub links: Links,
    /// Reads this job, for browsers; absent when the key may not read.
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
    /// How it ended.
    pub status: Status,
    /// Its last change.
    pub seq: u64,
}

impl<'a> End<'a> {
    /// The end of a job.
    pub fn of(document: &'a Document) -> End<'a> {
        End { job_id: &document.job_id, status: document.status, seq: document.seq }
    }
}
