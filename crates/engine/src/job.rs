//! A job as the object keeps it: the document, and what readers never see.

use std::collections::BTreeMap;

use protocol::{Document, Timestamp};
use serde::{Deserialize, Serialize};

use crate::estimates::Estimates;

/// A job: one row of the object's storage.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// What readers get.
    pub document: Document,
    /// What they do not.
    pub record: Record,
    /// Bytes of the document as storage has it; absent once it has changed.
    pub stored_bytes: Option<usize>,
}

/// What the server remembers of a job beside its document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// The last `order` heard of each producer.
    pub orders: BTreeMap<String, u64>,
    /// The estimates of its completion and throughput.
    #[serde(rename = "forecast")]
    pub estimates: Estimates,
    /// The number of the last log line.
    pub last_line: u64,
    /// The number of the last line in the log's first row in storage.
    pub first_row_end: u64,
    /// The key of the log's last row: the number of its first line.
    pub last_row: u64,
    /// Bytes of lines in that row.
    pub last_row_bytes: u64,
    /// Bytes of lines in all rows.
    pub log_bytes: u64,
    /// When the alarm rings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Timestamp>,
    /// The digest of the body it was created with; absent when a report created it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_with: Option<String>,
}

impl Job {
    /// A job that was just made, before its first commit is folded in.
    pub fn new(job_id: String, epoch: String, now: Timestamp) -> Job {
        Job { document: Document::new(job_id, epoch, now), record: Record::default(), stored_bytes: None }
    }
}
