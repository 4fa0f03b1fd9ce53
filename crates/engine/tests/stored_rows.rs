//! Rows that the release before deadlines and control requests has stored: this release opens them and continues the jobs.
//!
//! `stored_rows/` has the two columns of the table `job` as that release wrote them in workerd: of a job that is running, and of one
//! that has failed.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::{fs, path::Path};

use engine::{
    accept::{self, Acceptance},
    control::{self, ControlOptions},
    deadline::{self, AlarmOutcome, Deadline},
    job::Job,
    webhook::outbox::Outbox,
};
use protocol::{Status, Timestamp, control::ControlRequest, report::from_body};
use serde_json::{Value, json};

const DAY_MS: u64 = 86_400_000;

fn columns(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored_rows").join(name).with_extension("json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The job in a row, as the object loads it.
fn open(name: &str) -> Job {
    let columns = columns(name);
    let document = columns["document"].to_string();
    let record = serde_json::from_str(&columns["record"].to_string()).unwrap();
    Job::stored(serde_json::from_str(&document).unwrap(), record, document.len())
}

fn report(job: Job, report: Value, at: Timestamp) -> Acceptance {
    let acceptance = accept::accept(job, from_body(report).unwrap(), at);
    assert!(acceptance.changed, "{:?}", acceptance.outcomes);
    acceptance
}

fn request(job: Job, request: ControlRequest, at: Timestamp) -> Job {
    let (job, changed) = control::apply(job, request, ControlOptions::default(), at).unwrap();
    assert!(changed);
    job
}

fn after_alarm(job: &Job, at: Timestamp) -> Job {
    match deadline::on_alarm(job, &Outbox::default(), at) {
        AlarmOutcome::Changed(job) => *job,
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn a_row_is_read_whole_and_written_back_as_it_was() {
    for name in ["running", "failed"] {
        let (job, columns) = (open(name), columns(name));
        assert_eq!(serde_json::to_value(&job.document).unwrap(), columns["document"], "{name}");
        assert_eq!(serde_json::to_value(&job.record).unwrap(), columns["record"], "{name}");
    }
}

#[test]
fn a_job_without_deadlines_keeps_its_alarm_and_its_retention() {
    let job = open("running");
    let (alarm, expiry) = (job.record.alarm.unwrap(), job.document.updated_at.plus_millis(30 * DAY_MS));
    assert_eq!(deadline::alarm(job.record.alarm, &job, &Outbox::default(), job.document.updated_at), None);
    assert_eq!(deadline::on_alarm(&job, &Outbox::default(), alarm), AlarmOutcome::Early(expiry));
    assert_eq!(deadline::on_alarm(&job, &Outbox::default(), expiry), AlarmOutcome::Expired);
    let ended = open("failed");
    assert_eq!(
        deadline::on_alarm(&ended, &Outbox::default(), ended.record.alarm.unwrap()),
        AlarmOutcome::Early(ended.document.expires_at.unwrap())
    );
    assert_eq!(
        deadline::on_alarm(&ended, &Outbox::default(), ended.document.expires_at.unwrap()),
        AlarmOutcome::Expired
    );
}

#[test]
fn a_running_job_takes_reports_with_deadlines_and_requests_and_ends_when_they_pass() {
    let job = open("running");
    let at = |millis| job.document.updated_at.plus_millis(millis);
    let orders = job.record.orders.clone();

    // A request before the first report to this release.
    let requested = request(job.clone(), ControlRequest::Pause, at(500));
    assert_eq!((requested.document.seq, requested.record.orders == orders), (job.document.seq + 1, true));

    let stale = json!({"producer": "worker-1", "order": 6});
    assert!(!accept::accept(requested.clone(), from_body(stale).unwrap(), at(900)).changed);
    let next = json!({"producer": "worker-1", "order": 7, "current": 70, "heartbeatTimeoutSeconds": 30, "timeoutSeconds": 600});
    let reported = report(requested, next, at(1_000));
    assert_eq!(reported.answer().unwrap().control.map(|control| control.request), Some(ControlRequest::Pause));
    let mut job = reported.job;
    assert_eq!((job.document.current.unwrap().get(), job.document.progress.unwrap().get()), (70.0, 35.0));
    assert_eq!(deadline::next_due(&job, &Outbox::default()), (at(31_000), Deadline::HeartbeatTimeout));
    job.record.alarm = deadline::alarm(job.record.alarm, &job, &Outbox::default(), at(1_000));
    assert_eq!(job.record.alarm, Some(at(31_000)), "the stored alarm was later");

    let ended = after_alarm(&job, at(31_000));
    assert_eq!((ended.document.status, ended.document.control), (Status::Timeout, None));
    assert_eq!(ended.document.expires_at, Some(at(31_000 + 30 * DAY_MS)));
}

#[test]
fn a_timeout_counts_from_the_start_that_the_row_has() {
    let job = open("running");
    let started_at = job.document.started_at.unwrap();
    let job = report(job, json!({"timeoutSeconds": 60}), started_at.plus_millis(10_000)).job;
    assert_eq!(
        deadline::next_due(&job, &Outbox::default()),
        (started_at.plus_millis(60_000), Deadline::ExecutionTimeout)
    );
}

#[test]
fn a_job_that_has_failed_is_retried_and_its_producer_may_number_from_the_start() {
    let job = open("failed");
    let at = |millis| job.document.updated_at.plus_millis(millis);
    let job = request(job.clone(), ControlRequest::Retry, at(1_000));
    let document = &job.document;
    assert_eq!((document.status, document.attempt, document.retry_count), (Status::Queued, 2, Some(1)));
    let former = &document.attempts.as_ref().unwrap()[0];
    assert_eq!((former.status, former.error.as_ref().unwrap().code.as_str()), (Status::Failed, "DISK_FULL"));
    assert_eq!(
        deadline::on_alarm(&job, &Outbox::default(), job.record.alarm.unwrap()),
        AlarmOutcome::Early(at(1_000 + 30 * DAY_MS))
    );
    let again =
        report(job, json!({"status": "running", "order": 1, "attempt": 2, "stalledAfterSeconds": 5}), at(2_000)).job;
    assert_eq!(after_alarm(&again, at(7_000)).document.stalled_since, Some(at(2_000)));
}
