//! `jp cancel`, `jp pause`, `jp resume`, `jp retry` and `jp delete`.

use cli_tests::{
    binary::{jp, run},
    job::Job,
};
use contract::target::fresh_job;
use serde_json::{Value, json};

#[test]
fn a_request_that_waits_for_the_producer_is_pending_with_its_reason() {
    let job = Job::create(&json!({"progress": 45}));
    let ended = run(jp(&["cancel", &job.id, "--reason", "not needed"]));
    assert_eq!((ended.code, ended.out), (0, format!("{}: cancel requested; the job is running\n", job.id)));
    assert_eq!(job.document()["control"]["reason"], json!("not needed"));
}

#[test]
fn a_forced_cancel_ends_the_job_at_once_and_a_retry_begins_another_attempt() {
    let job = Job::create(&json!({"progress": 45}));
    let ended = run(jp(&["cancel", &job.id, "--force"]));
    assert_eq!((ended.code, ended.out), (0, format!("{}: cancelled\n", job.id)));
    let ended = run(jp(&["retry", &job.id, "--json"]));
    let answer: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&answer["status"], &answer["attempt"]), (&json!("queued"), &json!(2)));
}

#[test]
fn pause_and_resume_are_requested_for_all_jobs_that_allow_them() {
    let (job, ended_job) = (Job::create(&json!({"progress": 45})), Job::create(&json!({"status": "completed"})));
    let ended = run(jp(&["pause", &job.id, &ended_job.id]));
    assert_eq!((ended.code, ended.out), (5, format!("{}: pause requested; the job is running\n", job.id)));
    assert!(ended.err.starts_with(&format!("jp: {}: ", ended_job.id)), "{}", ended.err);
    assert!(ended.err.contains("(INVALID_TRANSITION)"), "{}", ended.err);
    job.report(&json!({"status": "paused"}));
    let ended = run(jp(&["resume", &job.id]));
    assert_eq!((ended.code, ended.out), (0, format!("{}: resume requested; the job is paused\n", job.id)));
}

#[test]
fn a_job_is_deleted_and_one_that_does_not_exist_is_named() {
    let (job, missing) = (Job::create(&json!({})), fresh_job());
    let ended = run(jp(&["delete", &missing, &job.id]));
    assert_eq!((ended.code, ended.out), (5, format!("{}: deleted\n", job.id)));
    assert!(ended.err.starts_with(&format!("jp: {missing}: ")), "{}", ended.err);
    assert_eq!(run(jp(&["status", &job.id])).code, 5);
}
