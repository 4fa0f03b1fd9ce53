//! The programs in the README are the examples, and they run.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test: it measures deadlines, and a panic is how it fails"
)]

#[path = "cases/server.rs"]
#[allow(dead_code, reason = "the cases use the rest")]
mod server;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use server::{Reply, Server};

/// An example that cargo has built for the tests.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("examples").join(name)
}

fn start(name: &str, server: &Server) -> Child {
    let mut command = Command::new(example(name));
    command.env("JOB_PROGRESS_URL", &server.base_url).env("JOB_PROGRESS_KEY", "jp_test_key").stdout(Stdio::piped());
    command.current_dir(env!("CARGO_MANIFEST_DIR")).spawn().unwrap()
}

/// Answers requests for reports until the job has ended, and returns all reports. `control` is pending from the start.
fn reports_until_the_end(server: &mut Server, control: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let held = server.next("POST").unwrap();
        let reports: Vec<Value> = serde_json::from_str(&held.body).unwrap();
        let status = reports.iter().rev().find_map(|report| report["status"].as_str()).unwrap_or("running").to_owned();
        let results: Vec<Value> = reports.iter().map(|_| json!({"seq": 1, "accepted": true})).collect();
        let links = json!({"status": "u", "stream": "u", "reports": "u", "page": "https://h/job#import-42&t"});
        let answer = json!({
            "jobId": "j", "seq": 1, "status": status, "attempt": 1, "accepted": true, "control": control,
            "results": results, "links": links, "token": "t",
        });
        held.reply(Reply::Answer { status: 201, headers: Vec::new(), body: answer.to_string() });
        all.extend(reports);
        if all.last().is_some_and(|report| {
            ["completed", "failed", "cancelled"].contains(&report["status"].as_str().unwrap_or(""))
        }) {
            return all;
        }
    }
}

#[test]
fn the_readme_shows_the_examples_as_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    for name in ["import", "cancel"] {
        let program = fs::read_to_string(folder.join(format!("examples/{name}.rs"))).unwrap();
        assert!(
            readme.contains(&format!("\n```rust,no_run\n{program}```\n")),
            "README.md does not contain {name}.rs as it is"
        );
    }
}

#[test]
fn the_first_program_reports_each_file_and_prints_the_page() {
    let mut server = Server::start();
    let program = start("import", &server);
    let reports = reports_until_the_end(&mut server, &Value::Null);
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "Watch it: https://h/job#import-42&t\n");
    let files = fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap().count();
    let done = reports.iter().rev().find_map(|report| report.get("current")).unwrap();
    assert_eq!((done, &reports[0]["status"]), (&json!(files), &json!("running")));
    assert_eq!(reports.last().unwrap()["status"], "completed");
}

#[test]
fn the_second_program_confirms_that_it_was_cancelled() {
    let mut server = Server::start();
    let program = start("cancel", &server);
    let reports = reports_until_the_end(&mut server, &json!({"request": "cancel", "at": "2026-01-01T00:00:00Z"}));
    assert!(!program.wait_with_output().unwrap().status.success());
    assert_eq!(reports[0]["controls"], json!(["cancel", "pause"]));
    assert_eq!(reports.last().unwrap()["status"], "cancelled");
}
