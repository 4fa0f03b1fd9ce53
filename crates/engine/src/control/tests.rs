//! Each request in each state, and what settles it.

use protocol::{
    limits::ANCESTORS,
    report::{Report, Reports},
};
use serde_json::{Value, json};

use super::*;
use crate::{accept, children::cancellation::Concerned};

const REQUESTS: [ControlRequest; 4] = ControlRequest::ALL;

fn at(second: u64) -> Timestamp {
    Timestamp::from_millis(second * 1000)
}

fn report(job: Job, report: Value, second: u64) -> Job {
    let reports = Reports::One(Box::new(Report::from_json(report).unwrap()));
    accept::accept(job, reports, at(second)).job
}

fn job_in(status: Status) -> Job {
    let job = Job::new("a".to_owned(), "k3v9a0".to_owned(), at(0));
    report(job, json!({"status": status.as_str()}), 1)
}

fn request(job: Job, request: ControlRequest) -> Result<(Job, bool), Problem> {
    apply(job, request, ControlOptions::default(), at(10))
}

fn requested(job: Job, wanted: ControlRequest) -> Job {
    request(job, wanted).unwrap().0
}

fn pending(job: &Job) -> Option<ControlRequest> {
    job.document.control.as_ref().map(|control| control.request)
}

#[test]
fn each_request_in_each_state_does_what_the_table_of_the_protocol_says() {
    // One row per state; cancel, pause, resume, retry: `!` at once, `?` pending, `=` no change, `.` refused.
    let table = ["!...", "??=.", "??=.", "?=?.", "....", "...!", "=..!", "...!"];
    for (status, row) in Status::ALL.into_iter().zip(table) {
        for (wanted, cell) in REQUESTS.into_iter().zip(row.chars()) {
            let result = request(job_in(status), wanted);
            let seen = match &result {
                Err(problem) => {
                    assert_eq!(problem.code(), Code::InvalidTransition);
                    assert_eq!(problem.details()["status"], status.as_str());
                    '.'
                }
                Ok((job, false)) => {
                    assert_eq!(job, &job_in(status));
                    '='
                }
                Ok((job, true)) if pending(job) == Some(wanted) => {
                    assert_eq!((job.document.status, job.document.seq), (status, 3));
                    '?'
                }
                Ok((job, true)) => {
                    let expected = if wanted == ControlRequest::Retry { Status::Queued } else { Status::Cancelled };
                    assert_eq!((job.document.status, job.document.seq, pending(job)), (expected, 3, None));
                    '!'
                }
            };
            assert_eq!(seen, cell, "{wanted:?} of a job that is {status:?}");
        }
    }
}

#[test]
fn a_repeated_request_changes_nothing() {
    for (status, wanted) in [
        (Status::Running, ControlRequest::Cancel),
        (Status::Running, ControlRequest::Pause),
        (Status::Paused, ControlRequest::Resume),
        (Status::Queued, ControlRequest::Cancel),
        (Status::Failed, ControlRequest::Retry),
    ] {
        let once = requested(job_in(status), wanted);
        assert_eq!(request(once.clone(), wanted), Ok((once, false)), "{wanted:?}");
    }
}

#[test]
fn the_reason_of_a_retry_is_the_message_of_the_new_attempt() {
    let options = ControlOptions { reason: Some("the disk was replaced".to_owned()), ..ControlOptions::default() };
    let failed = report(job_in(Status::Running), json!({"status": "failed", "message": "writing"}), 2);
    let (job, _) = apply(failed.clone(), ControlRequest::Retry, options, at(10)).unwrap();
    assert_eq!(job.document.message.as_deref(), Some("the disk was replaced"));
    assert_eq!(requested(failed, ControlRequest::Retry).document.message, None);
}

#[test]
fn a_later_request_replaces_the_pending_one_but_nothing_replaces_a_cancellation() {
    let paused = requested(job_in(Status::Running), ControlRequest::Pause);
    assert_eq!(pending(&requested(paused.clone(), ControlRequest::Resume)), Some(ControlRequest::Resume));
    assert_eq!(pending(&requested(paused.clone(), ControlRequest::Cancel)), Some(ControlRequest::Cancel));
    let resumed = requested(job_in(Status::Paused), ControlRequest::Resume);
    assert_eq!(pending(&requested(resumed, ControlRequest::Pause)), Some(ControlRequest::Pause));
    let cancelled = requested(paused, ControlRequest::Cancel);
    for other in [ControlRequest::Pause, ControlRequest::Resume, ControlRequest::Retry] {
        let problem = request(cancelled.clone(), other).unwrap_err();
        assert!(problem.message().contains("pending request to cancel; allowed: cancel"), "{}", problem.message());
    }
}

#[test]
fn a_request_is_settled_by_the_report_that_enters_the_requested_state_or_ends_the_job() {
    for (status, wanted, settling, other) in [
        (Status::Running, ControlRequest::Cancel, json!({"status": "cancelled"}), json!({"status": "paused"})),
        (Status::Running, ControlRequest::Cancel, json!({"status": "completed"}), json!({"progress": 1})),
        (Status::Running, ControlRequest::Pause, json!({"status": "paused"}), json!({"progress": 1})),
        (Status::Running, ControlRequest::Pause, json!({"status": "failed"}), json!({})),
        (Status::Initializing, ControlRequest::Pause, json!({"status": "paused"}), json!({"status": "running"})),
        (Status::Paused, ControlRequest::Resume, json!({"status": "running"}), json!({"progress": 1})),
        (Status::Paused, ControlRequest::Resume, json!({"status": "timeout"}), json!({})),
    ] {
        let asked = requested(job_in(status), wanted);
        assert_eq!(pending(&report(asked.clone(), other, 11)), Some(wanted), "{wanted:?}");
        assert_eq!(pending(&report(asked, settling, 11)), None, "{wanted:?}");
    }
}

#[test]
fn the_producer_of_a_job_that_is_not_to_pause_after_all_need_not_report_a_status() {
    let asked = requested(job_in(Status::Running), ControlRequest::Pause);
    let withdrawn = requested(asked, ControlRequest::Resume);
    assert_eq!(pending(&report(withdrawn.clone(), json!({"progress": 1}), 11)), None);
    let paused = report(withdrawn, json!({"status": "paused"}), 11);
    assert_eq!(pending(&paused), Some(ControlRequest::Resume), "a pause that came too late is ended again");
}

#[test]
fn a_forced_cancellation_ends_any_job_that_has_not_ended() {
    for status in Status::ALL.into_iter().filter(|status| !status.is_terminal()) {
        let options = || ControlOptions { force: true, ..ControlOptions::default() };
        let asked = [Some(job_in(status)), request(job_in(status), ControlRequest::Pause).ok().map(|(job, _)| job)];
        for job in asked.into_iter().flatten() {
            let (job, changed) = apply(job, ControlRequest::Cancel, options(), at(10)).unwrap();
            assert_eq!((job.document.status, pending(&job), changed), (Status::Cancelled, None, true));
            assert_eq!(job.document.cancelled_at, Some(at(10)));
            assert!(job.document.expires_at.is_some());
        }
    }
}

#[test]
fn a_request_that_the_producer_does_not_honour_is_refused_in_every_state() {
    let with = |controls: Value, status: Status| {
        report(job_in(Status::Queued), json!({"controls": controls, "status": status.as_str()}), 2)
    };
    for status in Status::ALL {
        for wanted in REQUESTS {
            let problem = request(with(json!([]), status), wanted).unwrap_err();
            assert!(problem.message().contains("the producer does not honour"), "{}", problem.message());
        }
    }
    assert!(request(with(json!(["pause"]), Status::Running), ControlRequest::Pause).is_ok());
    assert!(request(with(json!(["pause"]), Status::Paused), ControlRequest::Resume).is_ok());
    assert!(request(with(json!(["pause"]), Status::Running), ControlRequest::Cancel).is_err());
    assert!(request(with(json!(["retry"]), Status::Failed), ControlRequest::Retry).is_ok());
}

#[test]
fn the_reason_of_a_cancellation_is_the_error_of_a_cancelled_job_without_another_error() {
    let reason = || ControlOptions { reason: Some("wrong file".to_owned()), ..ControlOptions::default() };
    let asked = apply(job_in(Status::Running), ControlRequest::Cancel, reason(), at(10)).unwrap().0;
    let message = |job: &Job| job.document.error.as_ref().map(|error| (error.code.clone(), error.message.clone()));
    let wanted = Some((CANCELLED.to_owned(), "wrong file".to_owned()));
    assert_eq!(message(&report(asked.clone(), json!({"status": "cancelled"}), 11)), wanted);
    let own = report(asked.clone(), json!({"status": "cancelled", "error": "stopped at 7"}), 11);
    assert_eq!(message(&own), Some(("FAILED".to_owned(), "stopped at 7".to_owned())));
    assert_eq!(message(&report(asked.clone(), json!({"status": "completed"}), 11)), None);
    let queued = apply(job_in(Status::Queued), ControlRequest::Cancel, reason(), at(10)).unwrap().0;
    assert_eq!(message(&queued), wanted);
    let forced = ControlOptions { force: true, ..ControlOptions::default() };
    let forced = apply(asked, ControlRequest::Cancel, forced, at(12)).unwrap().0;
    assert_eq!(message(&forced), wanted, "the reason of the pending request");
}

#[test]
fn a_retry_begins_an_attempt_with_its_own_orders_and_estimates() {
    let mut job = Job::new("a".to_owned(), "k3v9a0".to_owned(), at(0));
    for second in 0..5 {
        let counts = json!({"current": second, "total": 10, "order": second + 1, "producer": "w"});
        job = report(job, counts, second * 10);
    }
    assert!(job.document.estimated_completion.is_some());
    let failed = report(job, json!({"status": "failed", "order": 9, "producer": "w"}), 60);
    let (retried, _) = apply(failed, ControlRequest::Retry, ControlOptions::default(), at(70)).unwrap();
    let document = &retried.document;
    assert_eq!((document.attempt, document.retry_count, document.expires_at), (2, Some(1), None));
    let first = report(retried.clone(), json!({"current": 0, "order": 1, "producer": "w"}), 80);
    assert_eq!((first.document.status, first.document.estimated_completion), (Status::Running, None));
    assert_eq!(first.document.started_at, Some(at(80)));
    let late = report(retried.clone(), json!({"status": "failed", "attempt": 1}), 80);
    assert_eq!(late.document, retried.document, "a report of the former attempt is stale");
}

#[test]
fn a_version_changes_with_requests_attempts_and_the_end_and_with_nothing_else() {
    let running = job_in(Status::Running);
    let asked = requested(running.clone(), ControlRequest::Pause);
    let ended = report(running.clone(), json!({"status": "failed"}), 11);
    let retried = requested(ended.clone(), ControlRequest::Retry);
    let versions = [&running, &asked, &ended, &retried].map(|job| version(&job.document));
    assert_eq!(versions, ["k3v9a0.1.none", "k3v9a0.1.pause.10000", "k3v9a0.1.ended", "k3v9a0.2.none"]);
    let pending = versions.map(|version| Pending::of(&version));
    assert_eq!(pending, [Pending::Nothing, Pending::Request, Pending::Ended, Pending::Nothing]);
    for job in [running, asked] {
        let later = report(job.clone(), json!({"progress": 50, "message": "x"}), 12);
        assert_eq!(version(&later.document), version(&job.document));
    }
}

#[test]
fn each_request_has_a_version_of_its_own_also_while_the_clock_stands_or_was_set_back() {
    let mut job = requested(job_in(Status::Running), ControlRequest::Pause);
    for second in [10, 4] {
        let former = version(&job.document);
        job = report(job, json!({"status": "paused"}), second);
        job = requested(job, ControlRequest::Resume);
        job = report(job, json!({"status": "running"}), second);
        job = requested(job, ControlRequest::Pause);
        assert_ne!(version(&job.document), former);
        assert_eq!(job.document.updated_at, job.document.control.as_ref().unwrap().at);
    }
}

#[test]
fn the_children_of_a_job_are_cancelled_also_if_it_has_ended_and_the_job_as_without_them() {
    let options = || ControlOptions { children: true, ..ControlOptions::default() };
    for status in Status::ALL {
        let (job, has_changed) = apply(job_in(status), ControlRequest::Cancel, options(), at(10)).unwrap();
        assert!(has_changed && job.record.cancellation.is_some_and(|asked| asked.is_pending()), "{status:?}");
        let alone = request(job_in(status), ControlRequest::Cancel);
        assert_eq!(job.document, alone.map_or(job_in(status), |(job, _)| job).document, "{status:?}");
    }
    let mut job = job_in(Status::Completed);
    job.document.controls = Some(vec![ControlRequest::Retry]);
    assert!(apply(job, ControlRequest::Cancel, options(), at(9)).is_err(), "the producer honours no such request");
}

#[test]
fn a_child_is_asked_with_the_same_options_and_asks_its_own_children() {
    let body = br#"{"reason": "wrong file", "force": true, "children": true}"#;
    let options = ControlOptions::from_body(body, ControlRequest::Cancel).unwrap();
    let (job, _) = apply(job_in(Status::Running), ControlRequest::Cancel, options.clone(), at(10)).unwrap();
    let asked = job.record.cancellation.unwrap().to_body();
    assert_eq!(ControlOptions::from_body(&asked, ControlRequest::Cancel), Ok(options));
}

#[test]
fn a_request_of_the_parent_that_is_made_again_asks_the_children_only_once() {
    let of_parent = |number| Concerned::from_parameter(&format!("{number}.9000.0.0.1")).map(|asked| asked.request());
    let options = |number| ControlOptions { children: true, of_parent: of_parent(number), ..ControlOptions::default() };
    let cancel = |job, number, second| apply(job, ControlRequest::Cancel, options(number), at(second)).unwrap();
    let (job, _) = cancel(job_in(Status::Running), 1, 10);
    let first = job.record.cancellation.clone();
    let (job, has_changed) = cancel(job, 1, 20);
    assert_eq!((has_changed, &job.record.cancellation), (false, &first));
    // Another request of the parent is another one, and so is one by a user.
    let (job, has_changed) = cancel(job, 2, 30);
    assert!(has_changed && job.record.cancellation != first);
    let by_user = ControlOptions { children: true, ..ControlOptions::default() };
    assert!(apply(job, ControlRequest::Cancel, by_user, at(40)).unwrap().1);
}

#[test]
fn a_request_that_jobs_pass_around_because_each_is_the_parent_of_the_other_ends() {
    let (mut jobs, mut of_parent, mut asked) = ([job_in(Status::Running), job_in(Status::Running)], None, 0);
    for turn in 0..100 {
        let job = &mut jobs[turn % 2];
        let options = ControlOptions { children: true, of_parent, ..ControlOptions::default() };
        let (changed, _) = apply(job.clone(), ControlRequest::Cancel, options, at(10 + turn as u64)).unwrap();
        if changed.record.cancellation == job.record.cancellation {
            break;
        }
        of_parent = changed.record.cancellation.as_ref().map(ChildrenCancellation::id);
        (*job, asked) = (changed, asked + 1);
    }
    assert_eq!(asked, ANCESTORS + 1);
}
