//! `jp report`.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use cli_tests::{
    binary::{Ended, jp, run},
    job::Job,
};
use serde_json::{Value, json};

fn jp_report(job: &Job, arguments: &[&str]) -> Command {
    let mut all = vec!["report", job.id.as_str()];
    all.extend(arguments);
    jp(&all)
}

#[test]
fn a_first_report_creates_the_job_and_shows_its_page() {
    let job = Job::fresh();
    let ended =
        run(jp_report(&job, &["current=45", "total=100", "message=Reading a.csv", "log=started", "tags.user=u1"]));
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.starts_with(&format!("{} is running: http://", job.id)), "{}", ended.out);
    let document = job.document();
    assert_eq!((&document["progress"], &document["message"]), (&json!(45), &json!("Reading a.csv")));
    assert_eq!((&document["tags"], job.log()), (&json!({"user": "u1"}), vec!["started".to_owned()]));
    let ended = run(jp_report(&job, &["status=completed"]));
    assert_eq!(ended.out, format!("{} is completed\n", job.id));
}

#[test]
fn reports_that_follow_one_another_are_all_accepted() {
    let job = Job::fresh();
    for current in 1..=5 {
        let ended = run(jp_report(&job, &[&format!("current={current}"), "--json"]));
        let answer: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(answer["accepted"], true, "{answer}");
    }
    assert_eq!(job.document()["current"], 5);
}

#[test]
fn a_report_after_the_end_is_not_accepted() {
    let job = Job::create(&json!({"status": "completed"}));
    let ended = run(jp_report(&job, &["current=5"]));
    assert_eq!((ended.code, ended.out), (5, format!("not accepted (finished): {} is completed\n", job.id)));
}

#[test]
fn a_json_object_comes_from_an_argument_or_from_standard_input() {
    let job = Job::fresh();
    assert_eq!(run(jp_report(&job, &["--data", r#"{"current": 1, "unit": "rows"}"#, "current=2"])).code, 0);
    let mut command = jp_report(&job, &["--data", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(br#"{"output": {"a": [1]}}"#).unwrap();
    assert_eq!(Ended::from(child.wait_with_output().unwrap()).code, 0);
    let document = job.document();
    assert_eq!((&document["current"], &document["unit"]), (&json!(2), &json!("rows")));
    assert_eq!(document["output"], json!({"a": [1]}));
}

#[test]
fn mistakes_are_named() {
    let job = Job::fresh();
    for (argument, code, text) in [
        ("curent=1", 2, "`curent` is not a field of a report"),
        ("current", 2, "FIELD=VALUE"),
        ("current=many", 5, "`current` must be a number of at least 0 (INVALID_REQUEST)"),
        ("status=done", 5, "`status` must be one of"),
    ] {
        let ended = run(jp_report(&job, &[argument]));
        assert_eq!(ended.code, code, "{ended:?}");
        assert!(ended.err.contains(text), "{}", ended.err);
    }
}
