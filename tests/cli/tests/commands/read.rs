//! `jp status` and `jp list`.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    time::Instant,
};

use cli_tests::{
    answers,
    binary::{jp, run},
    job::Job,
    terminal::Terminal,
    wait,
};
use contract::target::{Target, fresh_job};
use serde_json::{Value, json};

#[test]
fn the_json_of_a_status_is_the_document_with_metrics_and_resources() {
    let job = Job::create(&json!({"current": 45, "total": 100, "metrics": {"a": 1}, "resources": {"b": 2}}));
    let ended = run(jp(&["status", &job.id, "--json"]));
    assert_eq!((ended.code, ended.out.lines().count()), (0, 1), "{ended:?}");
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&document["jobId"], &document["progress"]), (&json!(job.id), &json!(45)));
    assert_eq!((&document["metrics"], &document["resources"]), (&json!({"a": 1}), &json!({"b": 2})));
}

#[test]
fn a_status_shows_what_is_known_of_the_job() {
    let report = json!({
        "current": 45, "total": 100, "unit": "files", "substate": "uploading", "message": "Sending",
        "throughput": {"rate": 2.5}, "steps": [{"id": "a", "label": "Send", "status": "running", "progress": 45}],
    });
    let job = Job::create(&report);
    let ended = run(jp(&["status", &job.id]));
    assert_eq!(ended.code, 0, "{ended:?}");
    for line in [
        &format!("Job       {}", job.id),
        "Status    running (uploading)",
        "Progress  45%, 45/100 files, 2.5 files/s",
        "Message   Sending",
        "Step      Send: running 45%",
    ] {
        assert!(ended.out.lines().any(|printed| printed == line), "{line}\n{}", ended.out);
    }
    job.report(&json!({"status": "failed", "error": "disk full"}));
    let ended = run(jp(&["status", &job.id]));
    assert!(ended.out.contains("\nError     disk full\n") && ended.out.contains("\nEnded "), "{}", ended.out);
}

#[test]
fn the_table_has_a_line_for_each_job_and_names_those_that_cannot_be_read() {
    let (first, second) = (Job::create(&json!({"progress": 45})), Job::create(&json!({"status": "paused"})));
    let missing = fresh_job();
    let ended = run(jp(&["list", &first.id, &missing, &second.id]));
    assert_eq!(ended.code, 5);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ended.out);
    assert!(lines[0].starts_with("JOB ") && lines[1].starts_with(&first.id) && lines[2].starts_with(&second.id));
    assert!(lines[1].contains("running  45%") && lines[2].contains("paused   -"), "{}", ended.out);
    assert!(ended.err.starts_with(&format!("jp: {missing}: ")) && ended.err.contains("(JOB_NOT_FOUND)"), "{ended:?}");
    let ended = run(jp(&["list", &first.id, &second.id, "--json"]));
    let ids: Vec<Value> =
        ended.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["jobId"].clone()).collect();
    assert_eq!((ids, ended.code), (vec![json!(first.id), json!(second.id)], 0));
}

#[test]
fn the_lines_of_the_table_are_not_wider_than_the_terminal() {
    let job = Job::create(&json!({"progress": 45, "message": "m".repeat(300)}));
    let mut terminal = Terminal::run(&["list", &job.id], 10, 60, &[]);
    assert_eq!(terminal.exit(), 0);
    assert_eq!(terminal.screen().lines().count(), 2, "{}", terminal.screen());
}

#[test]
fn a_token_reads_its_job_and_no_other() {
    let (job, other) = (Job::create(&json!({"progress": 45})), Job::create(&json!({})));
    let token = run(jp(&["token", &job.id])).out.trim().to_owned();
    let status = |id: &str| {
        let mut command = jp(&["status", id]);
        command.env_remove("JOB_PROGRESS_KEY").env("JOB_PROGRESS_TOKEN", &token);
        run(command)
    };
    assert_eq!(status(&job.id).code, 0);
    let refused = status(&other.id);
    assert_eq!(refused.code, 5);
    assert!(refused.err.contains("(ACCESS_DENIED)") && !refused.err.contains(&token), "{refused:?}");
}

#[test]
fn a_key_can_come_from_a_file() {
    let job = Job::create(&json!({}));
    let file = std::env::temp_dir().join(format!("jp-{}", fresh_job()));
    std::fs::write(&file, format!("{}\n", Target::get().key)).unwrap();
    let mut command = jp(&["status", &job.id, "--key-file", file.to_str().unwrap()]);
    command.env_remove("JOB_PROGRESS_KEY");
    let ended = run(command);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn output_that_nobody_reads_any_more_is_no_failure() {
    let lines: Vec<String> = (0..1_000).map(|number| format!("line {number} {}", "x".repeat(500))).collect();
    // More than a pipe holds, so that the command must notice.
    let job = Job::create(&json!({"logs": &lines[..100]}));
    lines.chunks(100).skip(1).for_each(|logs| job.report(&json!({"logs": logs})));
    let mut child = jp(&["logs", &job.id]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    drop(output);
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn the_jobs_of_the_project_are_listed_by_tag_status_and_text_without_ids() {
    let user = fresh_job();
    let job = |status: &str| Job::create(&json!({"status": status, "kind": "import", "tags": {"user": user}}));
    let (failed, running) = (job("failed"), job("running"));
    let tag = format!("user={user}");
    let deadline = Instant::now() + wait::TIMEOUT;
    // The list lags behind the jobs.
    let both = loop {
        let ended = run(jp(&["list", "--tag", &tag]));
        assert_eq!(ended.code, 0, "{ended:?}");
        if ended.out.lines().count() == 3 {
            break ended.out;
        }
        assert!(Instant::now() < deadline, "{ended:?}");
    };
    let lines: Vec<&str> = both.lines().collect();
    assert!(lines[1].starts_with(&running.id) && lines[2].starts_with(&failed.id), "{both}");
    let ended =
        run(jp(&["list", "--tag", &tag, "--status", "failed", "--kind", "import", "--search", &user, "--json"]));
    let document: Value = serde_json::from_str(ended.out.trim_end()).unwrap();
    assert_eq!(document["jobId"], json!(failed.id));
    let ended = run(jp(&["list", "--tag", &tag, "--limit", "1"]));
    assert_eq!(ended.out.lines().count(), 2, "{ended:?}");
    let ended = run(jp(&["list", "--tag", &format!("none={user}")]));
    assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{ended:?}");
    let ended = run(jp(&["list", &failed.id, "--tag", &tag]));
    assert_eq!(ended.code, 2, "{ended:?}");
}

#[test]
fn what_keeps_a_listed_job_from_being_shown_is_named_and_the_exit_code_says_so() {
    let rows = ["a", "gone", "large"].map(|id| json!({"jobId": id}));
    let list = json!({"jobs": rows, "nextCursor": null});
    let error = |id: &str, code: &str| json!({"jobId": id, "error": code, "message": "A sentence", "details": {}});
    let job = json!({"jobId": "a", "status": "running"});
    let shown = |errors: Vec<Value>| {
        let url = answers::start(vec![(200, list.clone()), (200, json!({"jobs": [job], "errors": errors}))]);
        run(jp(&["list", "--url", &url]))
    };
    // A job that was deleted since it was listed is not one that the caller named.
    let ended = shown(vec![error("gone", "JOB_NOT_FOUND")]);
    assert_eq!((ended.code, ended.out.lines().count(), ended.err.as_str()), (0, 2, ""), "{ended:?}");
    let ended = shown(vec![error("gone", "JOB_NOT_FOUND"), error("large", "PAYLOAD_TOO_LARGE")]);
    assert_eq!((ended.code, ended.out.lines().count()), (5, 2), "{ended:?}");
    assert_eq!(ended.err, "jp: large: A sentence (PAYLOAD_TOO_LARGE)\n");
}

#[test]
fn a_page_of_the_list_that_fails_is_an_error() {
    let first = json!({"jobs": [{"jobId": "a"}], "nextCursor": "next"});
    let problem = json!({"error": "INTERNAL", "message": "A sentence", "details": {}});
    let url = answers::start(vec![(200, first), (500, problem)]);
    let ended = run(jp(&["list", "--url", &url]));
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (5, "", "jp: A sentence (INTERNAL)\n"));
}
