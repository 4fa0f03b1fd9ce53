//! Tokens by tag: what they list, open and change.

use std::thread;

use contract::{http::Request, stream::Stream};
use serde_json::{Value, json};

use super::jobs::{Jobs, next_frame};

#[test]
fn the_lists_of_a_token_by_tag_have_its_jobs_alone_page_by_page() {
    let (own, other) = (Jobs::new(), Jobs::new());
    for job in ["a", "b", "c"] {
        own.create(job, json!({"kind": own.name}));
        other.create(job, json!({"kind": other.name}));
    }
    own.wait_for("", &["c", "b", "a"]);
    other.wait_for("", &["c", "b", "a"]);
    let ask = |path: &str| Request::get(path).bearer(&own.token()).send();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = ask(&format!("/v2/jobs?limit=1&cursor={cursor}"));
        assert!(!answer.text.contains(&other.name), "{answer}");
        let page = answer.expect(200);
        seen.extend(own.names(&page));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["c", "b", "a"]);
    let summary = ask("/v2/jobs/summary").expect(200);
    assert_eq!((&summary["total"], summary["kinds"].as_array().unwrap().len()), (&json!(3), 1), "{summary:#}");
    let mut stream =
        Stream::expect(&Request::get(format!("/v2/jobs/stream?limit=2&token={}", own.token())).anonymous());
    let page = next_frame(&mut stream);
    assert_eq!(own.names(&page.json()), ["c", "b"]);
    other.report("a", json!({"status": "running"}));
    other.wait_for("status=running", &["a"]);
    own.report("a", json!({"status": "running"}));
    let next = next_frame(&mut stream);
    assert_eq!((next.event.as_deref(), &next.json()["jobId"]), (Some("job"), &json!(own.id("a"))));
    // Another customer's tag beside the own one selects nothing.
    let both = ask(&format!("/v2/jobs?tags.test={}", other.name)).expect(400);
    assert_eq!(both["details"]["field"], "tags.test");
}

#[test]
fn a_token_by_tag_changes_other_tags_and_not_those_that_it_requires() {
    let jobs = Jobs::new();
    jobs.create("a", json!({}));
    let (path, token) = (format!("/v2/jobs/{}/reports", jobs.id("a")), jobs.token_that(&["jobs:read", "jobs:write"]));
    let send = |body: Value| Request::post(&path, &body).bearer(&token).send();
    send(json!({"tags": {"test": jobs.name, "plan": "free"}})).expect(200);
    let given_away = json!({"tags": {"test": "another"}});
    for body in [given_away.clone(), json!({"tags": {}}), json!({"tags": null}), json!([{"progress": 50}, given_away])]
    {
        let problem = send(body.clone()).expect(403);
        assert_eq!(problem["error"], "ACCESS_DENIED", "{body}");
    }
    let document = Request::get(format!("/v2/jobs/{}/status", jobs.id("a"))).send().expect(200);
    assert_eq!((&document["tags"]["plan"], &document["progress"]), (&json!("free"), &Value::Null));
    jobs.wait_for("tags.plan=free", &["a"]);
}

#[test]
fn a_tag_that_is_removed_closes_the_job_to_its_tokens_on_open_streams_and_waits() {
    let jobs = Jobs::new();
    jobs.create("a", json!({"status": "running"}));
    let (id, token) = (jobs.id("a"), jobs.token());
    let mut one = Stream::expect(&Request::get(format!("/v2/jobs/{id}/status/stream")).bearer(&token));
    let mut many = Stream::expect(&Request::get(format!("/v2/jobs/status/stream?jobIds={id}")).bearer(&token));
    let mut by_key = Stream::expect(&Request::get(format!("/v2/jobs/{id}/status/stream")));
    for stream in [&mut one, &mut many, &mut by_key] {
        assert_eq!(next_frame(stream).json()["jobId"], json!(id));
    }
    jobs.report("a", json!({"message": "still open"}));
    for stream in [&mut one, &mut many] {
        assert_eq!(next_frame(stream).json()["message"], "still open");
    }
    let wait = Request::get(format!("/v2/jobs/{id}/status?wait=30")).bearer(&token);
    let waiting = thread::spawn(move || wait.send());
    jobs.report("a", json!({"tags": {"test": "another"}, "message": "a secret"}));
    for stream in [&mut one, &mut many] {
        let frame = next_frame(stream);
        assert_eq!((frame.event.as_deref(), &frame.json()["error"]), (Some("problem"), &json!("JOB_NOT_FOUND")));
        assert!(!frame.data.contains("secret"));
        assert!(!stream.rest().contains("secret"));
    }
    // The waiting read ends with the change, or began after it.
    waiting.join().unwrap().expect(404);
    loop {
        if next_frame(&mut by_key).json()["message"] == "a secret" {
            break;
        }
    }
}
