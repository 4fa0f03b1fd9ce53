//! Events: what a change of a job is called in webhooks.

use protocol::{Document, Status, webhook::EventType};

use crate::lifecycle::Lifecycle;

/// The events of one change, in the order in which they are sent. `before` is absent for the creation of the job.
///
/// ```
/// use engine::{lifecycle::Lifecycle, webhook::event};
/// use protocol::{Document, Status, Timestamp, webhook::EventType};
/// let mut document = Document::new("import-42".into(), "k3v9a0".into(), Timestamp::from_millis(0));
/// assert_eq!(event::of_change(None, &document), [EventType::Queued]);
/// let before = Lifecycle::of(&document);
/// document.status = Status::Cancelled;
/// assert_eq!(event::of_change(Some(before), &document), [EventType::Cancelled]);
/// ```
pub fn of_change(before: Option<Lifecycle>, after: &Document) -> Vec<EventType> {
    let now = Lifecycle::of(after);
    let mut events = Vec::new();
    let Some(before) = before else {
        events.extend(of_status(None, now));
        return events;
    };
    if before.attempt != now.attempt {
        events.push(EventType::Retried);
        return events;
    }
    if now.is_stalled && !before.is_stalled {
        events.push(EventType::Stalled);
    }
    if now.control.is_some() && now.control != before.control {
        events.push(EventType::Control);
    }
    if now.status != before.status {
        events.extend(of_status(Some(before), now));
    }
    events
}

/// The event of entering the state of `now`.
fn of_status(before: Option<Lifecycle>, now: Lifecycle) -> Option<EventType> {
    Some(match now.status {
        Status::Queued => EventType::Queued,
        Status::Initializing => return None,
        Status::Running if before.is_some_and(|before| before.has_started) => EventType::Resumed,
        Status::Running => EventType::Started,
        Status::Paused => EventType::Paused,
        Status::Completed => EventType::Completed,
        Status::Failed => EventType::Failed,
        Status::Cancelled => EventType::Cancelled,
        Status::Timeout => EventType::Timeout,
    })
}

#[cfg(test)]
mod tests {
    use protocol::{Timestamp, control::ControlRequest};
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        accept,
        control::{self, ControlOptions},
        job::Job,
    };
    use protocol::report::{Report, Reports};

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn report(job: Job, report: Value) -> Job {
        accept::accept(job, Reports::One(Box::new(Report::from_json(report).unwrap())), at(9)).job
    }

    #[test]
    fn each_state_that_a_job_enters_is_one_event() {
        let mut job = Job::new("a".to_owned(), "k3v9a0".to_owned(), at(0));
        let mut events = of_change(None, &job.document);
        for (change, expected) in [
            (json!({"status": "initializing"}), &[][..]),
            (json!({"progress": 5}), &[EventType::Started]),
            (json!({"progress": 6}), &[]),
            (json!({"status": "paused"}), &[EventType::Paused]),
            (json!({"status": "running"}), &[EventType::Resumed]),
            (json!({"status": "failed"}), &[EventType::Failed]),
        ] {
            let before = Lifecycle::of(&job.document);
            job = report(job, change.clone());
            assert_eq!(of_change(Some(before), &job.document), expected, "{change}");
            events.extend(expected);
        }
        let before = Lifecycle::of(&job.document);
        let (job, _) = control::apply(job, ControlRequest::Retry, ControlOptions::default(), at(10)).unwrap();
        assert_eq!(of_change(Some(before), &job.document), [EventType::Retried]);
    }

    #[test]
    fn a_job_that_is_paused_before_it_runs_is_started_and_not_resumed() {
        let job = report(Job::new("a".to_owned(), "k3v9a0".to_owned(), at(0)), json!({"status": "paused"}));
        let before = Lifecycle::of(&job.document);
        let job = report(job, json!({"status": "running"}));
        assert_eq!(of_change(Some(before), &job.document), [EventType::Started]);
    }

    #[test]
    fn a_request_is_an_event_when_it_is_made_and_not_when_it_is_settled() {
        let job = report(Job::new("a".to_owned(), "k3v9a0".to_owned(), at(0)), json!({"status": "running"}));
        let running = Lifecycle::of(&job.document);
        let (job, _) = control::apply(job, ControlRequest::Pause, ControlOptions::default(), at(10)).unwrap();
        assert_eq!(of_change(Some(running), &job.document), [EventType::Control]);
        let asked = Lifecycle::of(&job.document);
        let (again, _) =
            control::apply(job.clone(), ControlRequest::Cancel, ControlOptions::default(), at(11)).unwrap();
        assert_eq!(of_change(Some(asked), &again.document), [EventType::Control]);
        let paused = report(job, json!({"status": "paused"}));
        assert_eq!(of_change(Some(asked), &paused.document), [EventType::Paused]);
    }
}
