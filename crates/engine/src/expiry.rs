//! The expiry of a job, and the alarm that removes it.

use protocol::{Document, Timestamp, limits::RETENTION_DAYS};

const RETENTION_MS: u64 = RETENTION_DAYS.saturating_mul(86_400_000);

/// The next time at which the job needs an action that no request triggers: its removal, thirty days after its end, or
/// after its last change if it has not ended.
pub fn next_due(document: &Document) -> Timestamp {
    expires_at(document).unwrap_or_else(|| document.updated_at.plus_millis(RETENTION_MS))
}

/// The new time of the alarm; `None` if the alarm can stay, because nothing is due before it fires. An alarm that fires
/// early only sets the next one, so a report does not cost a second written row for the alarm.
pub fn alarm(current: Option<Timestamp>, document: &Document) -> Option<Timestamp> {
    let due = next_due(document);
    current.is_none_or(|current| due < current).then_some(due)
}

/// When a job that has ended is removed; `None` while the job has not ended.
pub fn expires_at(document: &Document) -> Option<Timestamp> {
    document.ended_at().map(|ended_at| ended_at.plus_millis(RETENTION_MS))
}

#[cfg(test)]
mod tests {
    use protocol::{Report, fold::fold};

    use super::*;

    const DAY_MS: u64 = 86_400_000;

    fn at(day: u64) -> Timestamp {
        Timestamp::from_millis(day * DAY_MS)
    }

    #[test]
    fn a_job_expires_thirty_days_after_its_last_change_or_its_end() {
        let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), at(0));
        assert_eq!((next_due(&document), expires_at(&document)), (at(30), None));
        let report = |json: serde_json::Value| Report::from_json(json).unwrap();
        fold(&mut document, report(serde_json::json!({"progress": 1})), at(7)).unwrap();
        assert_eq!((next_due(&document), expires_at(&document)), (at(37), None));
        fold(&mut document, report(serde_json::json!({"status": "failed"})), at(8)).unwrap();
        assert_eq!((next_due(&document), expires_at(&document)), (at(38), Some(at(38))));
    }

    #[test]
    fn the_alarm_moves_only_to_an_earlier_time() {
        let document = Document::new("a".to_owned(), "k3v9a0".to_owned(), at(5));
        assert_eq!(alarm(None, &document), Some(at(35)));
        assert_eq!(alarm(Some(at(36)), &document), Some(at(35)));
        assert_eq!(alarm(Some(at(35)), &document), None);
        assert_eq!(alarm(Some(at(30)), &document), None);
    }
}
