//! A log line: the only history a job keeps. Lines are numbered, so that a reader can tell which ones it has.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// One numbered line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogLine {
    /// The line's number, from 1, without holes, over all attempts.
    pub number: u64,
    /// When it was written: what the producer said, else when it arrived.
    pub at: Timestamp,
    /// How grave it is (`info`, `error`, …), in the producer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The text.
    pub message: String,
}

/// The data of a `log` frame, and what `GET …/logs` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    /// Whose lines these are.
    pub job_id: String,
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// The first line that was left out before these; read it with `GET …/logs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_from: Option<u64>,
    /// The last line that was left out before these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_to: Option<u64>,
}
