//! How the next attempt of a job begins, and what its document keeps of the former one.

use std::mem;

use crate::{
    document::{Attempt, Document, JobError},
    limits::ATTEMPTS,
    time::Timestamp,
};

/// Begins the next attempt of a job that has ended, as a change committed at `now`: the job is `queued` again. What
/// describes the job stays, everything else belonged to the former attempt and is cleared (PROTOCOL.md, section 4.3). Its
/// children stay too, and their progress is that of the job until its producer reports another one.
///
/// ```
/// use protocol::{Document, Report, Status, Timestamp, attempt::begin_next_attempt, fold::fold};
/// let now = Timestamp::from_millis(0);
/// let mut document = Document::new("import-42".into(), "k3v9a0".into(), now);
/// let report = Report::from_json(serde_json::json!({"status": "failed", "error": "No space left", "kind": "import"}));
/// fold(&mut document, report.unwrap(), now).unwrap();
/// begin_next_attempt(&mut document, now);
/// assert_eq!((document.status, document.attempt, document.error), (Status::Queued, 2, None));
/// assert_eq!(document.kind.as_deref(), Some("import"));
/// assert_eq!(document.attempts.unwrap()[0].status, Status::Failed);
/// ```
pub fn begin_next_attempt(document: &mut Document, now: Timestamp) {
    let former = mem::take(document);
    let mut attempts = former.attempts.unwrap_or_default();
    attempts.push(Attempt {
        attempt: former.attempt,
        status: former.status,
        started_at: former.started_at,
        ended_at: former
            .completed_at
            .or(former.failed_at)
            .or(former.cancelled_at)
            .or(former.timed_out_at)
            .unwrap_or(now),
        // The details of ten attempts would be larger than the rest of the document.
        error: former.error.map(|error| JobError { details: None, ..error }),
    });
    attempts.drain(..attempts.len().saturating_sub(ATTEMPTS));
    *document = Document {
        job_id: former.job_id,
        epoch: former.epoch,
        created_at: former.created_at,
        updated_at: former.updated_at,
        seq: former.seq,
        attempt: former.attempt.saturating_add(1),
        retry_count: Some(former.attempt),
        attempts: Some(attempts),
        endpoint_id: former.endpoint_id,
        kind: former.kind,
        priority: former.priority,
        parent_id: former.parent_id,
        progress: former.children.as_ref().map(|children| children.progress),
        children: former.children,
        expected_seconds: former.expected_seconds,
        tags: former.tags,
        metadata: former.metadata,
        total: former.total,
        unit: former.unit,
        timeout_seconds: former.timeout_seconds,
        heartbeat_timeout_seconds: former.heartbeat_timeout_seconds,
        stalled_after_seconds: former.stalled_after_seconds,
        retention_seconds: former.retention_seconds,
        controls: former.controls,
        ..Document::default()
    };
    document.record_change(now);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{Report, fold::fold};

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn report(document: &mut Document, report: Value, second: u64) {
        fold(document, Report::from_json(report).unwrap(), at(second)).unwrap();
    }

    #[test]
    fn a_new_attempt_keeps_what_describes_the_job_and_nothing_that_describes_the_former_attempt() {
        let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), at(0));
        let kept = json!({
            "endpointId": "e", "kind": "k", "priority": "p", "tags": {"a": 1}, "metadata": {"b": 2}, "total": 9,
            "unit": "files", "timeoutSeconds": 60, "heartbeatTimeoutSeconds": 30, "stalledAfterSeconds": 10,
            "retentionSeconds": 600, "controls": ["retry"],
        });
        report(&mut document, kept.clone(), 1);
        report(&mut document, json!({"current": 3, "substate": "uploading", "resources": {"cpu": 1}}), 2);
        let failure = json!({"status": "failed", "error": {"message": "full", "details": {"disk": 1}}, "retryable": true,
            "nextRetryAt": "2026-01-01T00:00:00Z", "output": 1, "partialResults": 2, "attributes": {"x": "y"}});
        report(&mut document, failure, 5);
        begin_next_attempt(&mut document, at(7));
        let mut expected = json!({
            "jobId": "a", "epoch": "k3v9a0", "status": "queued", "progress": null, "attempt": 2, "retryCount": 1, "seq": 5,
            "createdAt": at(0), "updatedAt": at(7),
            "attempts": [{
                "attempt": 1, "status": "failed", "startedAt": at(2), "endedAt": at(5),
                "error": {"code": "FAILED", "message": "full"},
            }],
        });
        expected.as_object_mut().unwrap().extend(kept.as_object().unwrap().clone());
        assert_eq!(serde_json::to_value(&document).unwrap(), expected);
    }

    #[test]
    fn the_last_attempts_are_kept_up_to_the_limit() {
        let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), at(0));
        for second in 0..20 {
            report(&mut document, json!({"status": "failed"}), second);
            begin_next_attempt(&mut document, at(second));
        }
        let numbers: Vec<u64> = document.attempts.unwrap().iter().map(|attempt| attempt.attempt).collect();
        assert_eq!((document.attempt, numbers), (21, (11..=20).collect()));
    }
}
