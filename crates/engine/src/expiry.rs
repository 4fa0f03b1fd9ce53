//! When a job is forgotten.

use protocol::{Timestamp, limits::RETENTION_DAYS};

use crate::job::Job;

const MILLIS_PER_DAY: u64 = 86_400_000;

/// The next moment at which something falls due for the job without anybody calling: its end of life.
///
/// Thirty days after its end, or after its last change if it never ended.
pub fn next_due(job: &Job) -> Timestamp {
    let document = &job.document;
    document.ended_at().unwrap_or(document.updated_at).plus_millis(RETENTION_DAYS.saturating_mul(MILLIS_PER_DAY))
}
