//! Servers that refuse, and servers that are not there.

use cli_tests::{following::Following, job::Job};
use contract::{
    deployment::free_port,
    http::Request,
    target::{Target, fresh_job},
};
use serde_json::json;

#[test]
fn a_server_that_is_not_there_is_a_problem_with_its_reason_and_without_the_credential() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let mut following = Following::start_with(&url, &fresh_job(), "jp_a_secretsecretsecretsecret");
    let problem = following.problem();
    assert_eq!((problem.code.as_str(), problem.fatal), ("NO_RESPONSE", false));
    assert!(problem.message.starts_with(&url) && problem.message.contains("refused"), "{}", problem.message);
    assert!(!problem.message.contains("secret"), "{}", problem.message);
    assert!(!following.reader.has_response());
    assert!(!format!("{:?}", following.reader).contains("secret"));
}

#[test]
fn an_invalid_credential_is_a_fatal_problem() {
    let job = Job::create(&json!({}));
    let mut following = Following::start_with(&Target::get().base_url, &job.id, "jp_nobody_0123456789012345678901");
    let problem = following.problem();
    assert_eq!((problem.code.as_str(), problem.fatal), ("UNAUTHENTICATED", true));
}

#[test]
fn a_token_that_expires_ends_its_stream_with_a_fatal_problem() {
    let job = Job::create(&json!({"progress": 10}));
    let minted = Request::post("/v2/tokens", &json!({"jobIds": [job.id], "expiresIn": 10})).send().expect(200);
    let mut following = Following::start_with(&Target::get().base_url, &job.id, minted["token"].as_str().unwrap());
    following.progress(10);
    let problem = following.problem();
    assert_eq!((problem.code.as_str(), problem.fatal), ("UNAUTHENTICATED", true));
}

#[test]
fn a_job_that_is_created_later_is_found() {
    let id = fresh_job();
    let mut following = Following::start(&Target::get().base_url, &id);
    let problem = following.problem();
    assert_eq!((problem.code.as_str(), problem.fatal), ("JOB_NOT_FOUND", false));
    Request::post(format!("/v2/jobs/{id}/reports?create=true"), &json!({"progress": 10})).send().expect(201);
    following.progress(10);
}

#[test]
fn a_job_that_is_deleted_is_a_fatal_problem() {
    let job = Job::create(&json!({"progress": 10}));
    let mut following = Following::start(&Target::get().base_url, &job.id);
    following.progress(10);
    assert_eq!(Request::new("DELETE", format!("/v2/jobs/{}", job.id)).send().status, 204);
    let problem = following.problem();
    assert_eq!((problem.code.as_str(), problem.fatal), ("JOB_NOT_FOUND", true));
}

#[test]
fn a_server_of_another_kind_is_a_problem() {
    let mut following = Following::start(&format!("{}/nowhere", Target::get().base_url), &fresh_job());
    let problem = following.problem();
    assert_eq!((problem.code.as_str(), problem.fatal), ("NOT_FOUND", true));
}
