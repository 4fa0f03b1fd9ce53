//! A log line. The log is the only history of a job; its lines are numbered, so that a reader knows which ones it has.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// One numbered line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogLine {
    /// The number of the line, from 1, without gaps, over all attempts.
    pub number: u64,
    /// The time of the line: the producer's value, else the time of arrival.
    pub at: Timestamp,
    /// The severity (`info`, `error`, …), a text that the producer chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The text.
    pub message: String,
}

/// The data of a `log` frame, and the response of `GET …/logs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    /// The job's id.
    pub job_id: String,
    /// The epoch of the job to which the lines belong. The numbers of another epoch are those of another log.
    pub epoch: String,
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// The number of the first line that is missing before these: one that the server has removed, or, in a `log` frame, one that is not in the frame and that `GET …/logs` has if the server still has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_from: Option<u64>,
    /// The number of the last line that is missing before these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_to: Option<u64>,
}
