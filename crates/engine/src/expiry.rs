//! When a job is forgotten.

use protocol::{Document, Timestamp, limits::RETENTION_DAYS};

const RETENTION_MS: u64 = RETENTION_DAYS.saturating_mul(86_400_000);

/// The next moment at which something falls due for the job without anybody calling: its end of life, thirty days after
/// its end, or after its last change if it never ended.
pub fn next_due(document: &Document) -> Timestamp {
    expires_at(document).unwrap_or_else(|| document.updated_at.plus_millis(RETENTION_MS))
}

/// When an ended job is forgotten; of one that goes on nobody knows.
pub fn expires_at(document: &Document) -> Option<Timestamp> {
    document.ended_at().map(|ended_at| ended_at.plus_millis(RETENTION_MS))
}
