//! What a child sends the object of its parent in one call.

use protocol::{Document, Status, Timestamp, number::Number};
use serde::{Deserialize, Serialize};

use super::Child;
use crate::{
    index::row::renewal,
    job::Job,
    notice::{Notices, Recipient, Tombstone},
};

/// What a child sends its parent: its state, and the jobs under its id that are not children any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChildUpdate {
    /// The id of the child.
    pub job_id: String,
    /// Its state; `None` for a job that was deleted, or that a job with another parent has replaced.
    pub child: Option<ChildState>,
    /// When the jobs of this id were created that were replaced or deleted.
    pub removed: Vec<Timestamp>,
}

/// The state of a child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChildState {
    /// When the job was created.
    pub created_at: Timestamp,
    /// The attempt.
    pub attempt: u64,
    /// When the attempt began.
    pub began_at: Timestamp,
    /// The change that this is the state after.
    pub seq: u64,
    /// The state.
    pub status: Status,
    /// The progress in percent.
    #[serde(default)]
    pub progress: Option<Number>,
}

/// What the parent answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChildReply {
    /// The interval in milliseconds at which the child may send its progress; 0 if the parent does not say.
    pub progress_ms: u64,
}

impl ChildState {
    /// Whether this state follows `stored`. One that is sent again, or late, does not.
    pub fn replaces(&self, stored: &Child) -> bool {
        self.created_at > stored.created_at
            || (self.created_at == stored.created_at && stored.status.is_some() && self.seq > stored.seq)
    }
}

impl ChildUpdate {
    /// What a job sends the job `parent`, which is its parent, or was the one of a job that it has replaced.
    pub fn of(job: &Job, parent: &str) -> ChildUpdate {
        let Job { document, record, .. } = job;
        let is_child = document.parent_id.as_deref() == Some(parent);
        let child = is_child.then(|| ChildState {
            created_at: document.created_at,
            attempt: document.attempt,
            began_at: record.attempt_at.unwrap_or(document.created_at),
            seq: document.seq,
            status: document.status,
            progress: document.progress,
        });
        let removed = record.notices.former(Recipient::Parent).to_vec();
        ChildUpdate { job_id: document.job_id.clone(), child, removed }
    }

    /// What a deleted job sends.
    pub fn of_deleted(tombstone: &Tombstone) -> ChildUpdate {
        let removed = tombstone.notices.former(Recipient::Parent).to_vec();
        ChildUpdate { job_id: tombstone.job_id.clone(), child: None, removed }
    }
}

/// A number that differs if the parent has to know of the difference between two documents at once. It also differs from time
/// to time while the job changes, so that the parent does not forget it. It is not 0.
pub fn digest(document: &Document) -> u64 {
    // The epoch need not be in it: the notices of a new job know that its predecessor was replaced.
    let status = Status::ALL.into_iter().position(|status| status == document.status).unwrap_or_default() as u64;
    renewal(document).saturating_mul(Status::ALL.len() as u64).saturating_add(status).saturating_add(1)
}

/// Marks in the notices of a job that its parent has to be notified of its last change. Whether it has to, or one that the job
/// does not have any more has to.
pub fn mark(notices: &mut Notices, document: &Document) -> bool {
    match &document.parent_id {
        Some(parent) => notices.mark(Recipient::Parent, parent, document.seq, digest(document)),
        None => notices.is_pending(Recipient::Parent),
    }
}
