//! The retention of a job: how long it is kept after its end.

use protocol::{Document, Timestamp, limits::RETENTION_SECONDS};

/// When a job that has ended is deleted; `None` while the job has not ended.
pub fn expires_at(document: &Document) -> Option<Timestamp> {
    let seconds = document.retention_seconds.unwrap_or(RETENTION_SECONDS);
    document.ended_at().map(|ended_at| ended_at.plus_millis(seconds.saturating_mul(1000)))
}
