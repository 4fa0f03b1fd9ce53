//! `jp watch` without a terminal.

use std::time::{Duration, Instant};

use cli_tests::{
    binary::{jp, run},
    job::Job,
    proxy::{Mode, Proxy},
    running::Running,
};
use contract::{
    deployment::free_port,
    http::Request,
    target::{Target, fresh_job},
};
use serde_json::{Value, json};

#[test]
fn the_exit_code_is_the_result_of_the_job() {
    let results = [("completed", 0), ("failed", 1), ("cancelled", 3), ("timeout", 4)];
    for (status, code) in results {
        let job = Job::create(&json!({"status": status}));
        let ended = run(jp(&["watch", &job.id]));
        assert_eq!((ended.code, ended.err.as_str()), (code, ""), "{status}");
        assert!(ended.out.starts_with(&format!("{}  {status}", job.id)), "{ended:?}");
    }
}

#[test]
fn a_change_is_a_line_and_each_change_of_the_status_is_one_at_once() {
    let job = Job::create(&json!({"status": "queued", "queuePosition": 3}));
    let mut watch = Running::start(jp(&["watch", &job.id]));
    assert_eq!(watch.line(), format!("{}  queued  3 ahead in the queue", job.id));
    for (report, line) in [
        (json!({"status": "initializing"}), "initializing"),
        (json!({"current": 1, "total": 4, "unit": "files"}), "running  25%  1/4 files"),
        (json!({"status": "paused"}), "paused  25%  1/4 files"),
        (json!({"status": "running"}), "running  25%  1/4 files"),
        (
            json!({"status": "failed", "error": {"code": "E_DISK", "message": "disk full"}}),
            "failed  25%  1/4 files  E_DISK: disk full",
        ),
    ] {
        job.report(&report);
        assert_eq!(watch.line(), format!("{}  {line}", job.id));
    }
    let (rest, code) = watch.rest();
    assert_eq!((rest, code), (Vec::new(), 1));
}

#[test]
fn a_job_that_changes_often_gets_at_most_one_line_a_second_and_always_the_last_one() {
    let job = Job::create(&json!({"status": "running"}));
    let mut watch = Running::start(jp(&["watch", &job.id]));
    watch.line();
    let started = Instant::now();
    for current in 0..=60 {
        job.report(&json!({"current": current, "total": 100}));
    }
    // The last change before the end is shown too, a second after the line before it.
    while !watch.line().contains("60/100") {}
    let seconds = started.elapsed().as_secs_f64();
    job.report(&json!({"status": "completed"}));
    let (rest, code) = watch.rest();
    assert_eq!(code, 0);
    assert!(rest.last().is_some_and(|line| line.contains("completed")), "{rest:?}");
    assert!(seconds < 60.0, "61 changes took {seconds} s, so there was nothing to skip");
}

#[test]
fn the_lines_of_a_second_are_fewer_than_its_changes() {
    let job = Job::create(&json!({"status": "running"}));
    let mut watch = Running::start(jp(&["watch", &job.id]));
    watch.line();
    let started = Instant::now();
    let mut changes = 0_usize;
    while started.elapsed() < Duration::from_secs(3) {
        job.report(&json!({"increment": 1, "message": format!("change {changes}")}));
        changes += 1;
    }
    job.report(&json!({"status": "completed"}));
    let seconds = started.elapsed().as_secs_f64();
    let (rest, _) = watch.rest();
    // One a second, one that was due, and the end.
    let most = seconds.ceil() as usize + 2;
    assert!(rest.len() <= most, "{} lines in {seconds} s: {rest:?}", rest.len());
    assert!(changes > 2 * rest.len(), "{} lines of {changes} changes: {rest:?}", rest.len());
}

#[test]
fn json_is_a_document_a_line() {
    let job = Job::create(&json!({"progress": 10, "logs": ["one"], "metrics": {"a": 1}}));
    let mut watch = Running::start(jp(&["watch", &job.id, "--json", "--logs"]));
    let value = |line: String| serde_json::from_str::<Value>(&line).unwrap();
    let log = value(watch.line());
    assert_eq!((&log["jobId"], &log["log"]["message"]), (&json!(job.id), &json!("one")));
    let document = value(watch.line());
    assert_eq!((&document["progress"], &document["metrics"]), (&json!(10), &json!({"a": 1})));
    job.report(&json!({"status": "completed", "output": {"rows": 7}}));
    let last = value(watch.line());
    assert_eq!((&last["status"], &last["output"]), (&json!("completed"), &json!({"rows": 7})));
    let (rest, code) = watch.rest();
    assert_eq!((rest, code), (Vec::new(), 0));
}

#[test]
fn the_exit_code_of_several_jobs_is_that_of_the_first_one_that_did_not_complete() {
    let job = |status: &str| Job::create(&json!({"status": status}));
    let jobs = [job("completed"), job("timeout"), job("failed")];
    let ids = jobs.each_ref().map(|job| job.id.as_str());
    assert_eq!(run(jp(&["watch", ids[0], ids[1], ids[2], ids[0]])).code, 4);
    assert_eq!(run(jp(&["watch", ids[2], ids[1], ids[0]])).code, 1);
}

#[test]
fn a_job_is_followed_through_a_cut_connection() {
    let job = Job::create(&json!({"status": "queued"}));
    let proxy = Proxy::start(&Target::get().base_url);
    let mut watch = Running::start(jp(&["watch", &job.id, "--url", &proxy.base_url]));
    watch.line();
    proxy.set(Mode::Refuse);
    proxy.cut();
    job.report(&json!({"status": "completed"}));
    proxy.set(Mode::Pass);
    let (rest, code) = watch.rest();
    assert_eq!((rest, code), (vec![format!("{}  completed  100%", job.id)], 0));
}

#[test]
fn a_job_that_does_not_exist_yet_is_named_and_then_followed() {
    let id = fresh_job();
    let mut watch = Running::start(jp(&["watch", &id]));
    let notice = watch.notice();
    assert!(notice.starts_with(&format!("jp: {id}: ")) && notice.ends_with("it is tried again"), "{notice}");
    let path = format!("/v2/jobs/{id}/reports?create=true");
    Request::post(path, &json!({"status": "completed"})).send().expect(201);
    assert_eq!(watch.rest(), (vec![format!("{id}  completed  100%")], 0));
}

#[test]
fn a_credential_that_is_refused_ends_the_command() {
    let job = Job::create(&json!({}));
    let mut command = jp(&["watch", &job.id]);
    command.env("JOB_PROGRESS_KEY", "jp_nobody_0123456789012345678901");
    let ended = run(command);
    assert_eq!((ended.code, ended.out.as_str()), (5, ""));
    assert!(ended.err.contains("(UNAUTHENTICATED)") && !ended.err.contains("0123456789"), "{ended:?}");
}

#[test]
fn a_server_that_never_responds_ends_the_command_after_half_a_minute() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let ended = run(jp(&["watch", "job-1", "--url", &url]));
    assert_eq!((ended.code, ended.out.as_str()), (6, ""));
    let lines: Vec<&str> = ended.err.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ended.err);
    assert!(lines[0].ends_with("(NO_RESPONSE); it is tried again"), "{}", ended.err);
    assert!(lines[1].starts_with(&format!("jp: {url} gives no response: ")), "{}", ended.err);
}

#[test]
fn log_lines_that_are_not_shown_are_named() {
    let logs: Vec<String> = (1..=300).map(|number| format!("line {number}")).collect();
    let job = Job::create(&json!({"logs": logs}));
    job.report(&json!({"status": "completed"}));
    let ended = run(jp(&["watch", &job.id, "--logs"]));
    let notice = format!("jp: {0}: the log lines 1 to 100 are not shown; `jp logs {0}` prints them\n", job.id);
    assert_eq!((ended.code, ended.err), (0, notice));
    assert_eq!(ended.out.lines().filter(|line| line.contains(" line ")).count(), 200);
}
