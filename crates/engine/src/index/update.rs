//! What a job sends its shard of the index in one call, and what it is answered.

use protocol::{Document, Timestamp, number::Number};
use serde::{Deserialize, Serialize};

use super::row::Row;
use crate::notice::{Notices, Recipient, Tombstone};

/// What a job sends its shard: its row, and the rows under its id that are to be removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowUpdate {
    /// The id of the job.
    pub job_id: String,
    /// The row; `None` for a job that was deleted, or has another shard now.
    pub row: Option<Row>,
    /// When the jobs of this id were created whose rows are to be removed.
    pub removed: Vec<Timestamp>,
    /// Whether they are removed because the job has another shard now, so that they may come back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_moved: bool,
}

impl RowUpdate {
    /// What a job with this document and these notices sends.
    pub fn of(document: &Document, notices: &Notices) -> RowUpdate {
        let removed = notices.former(Recipient::Index).to_vec();
        RowUpdate { job_id: document.job_id.clone(), row: Some(Row::of(document)), removed, is_moved: false }
    }

    /// What a job with this document and these notices sends a shard that was its own before.
    pub fn of_moved(document: &Document, notices: &Notices) -> RowUpdate {
        let former = notices.former(Recipient::Index).iter().copied();
        let removed = former.chain([document.created_at]).collect();
        RowUpdate { job_id: document.job_id.clone(), row: None, removed, is_moved: true }
    }

    /// What a deleted job sends its shard, and those that were its own before.
    pub fn of_deleted(tombstone: &Tombstone) -> RowUpdate {
        let removed = tombstone.notices.former(Recipient::Index).to_vec();
        RowUpdate { job_id: tombstone.job_id.clone(), row: None, removed, is_moved: false }
    }
}

/// What the index answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateReply {
    /// How long the job is expected to take, in seconds, if enough jobs like it have completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_seconds: Option<Number>,
}
