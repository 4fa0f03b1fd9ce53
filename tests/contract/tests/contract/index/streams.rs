//! Streams of lists.

use contract::{http::Request, stream::Stream};
use serde_json::json;

use super::jobs::{Jobs, event, next_frame};

#[test]
fn a_stream_begins_with_the_page_and_sends_each_change_and_each_removal() {
    let jobs = Jobs::new();
    jobs.create("a", json!({}));
    jobs.wait_for("", &["a"]);
    let mut stream = Stream::expect(
        &Request::get(format!("/v2/jobs/stream?tags.test={}&token={}", jobs.name, jobs.token())).anonymous(),
    );
    assert!(stream.header("content-type").unwrap().starts_with("text/event-stream"));
    let first = next_frame(&mut stream);
    assert_eq!((first.event.as_deref(), first.id.as_deref()), (Some("page"), None));
    assert_eq!(jobs.names(&first.json()), ["a"]);
    jobs.create("b", json!({"kind": "new"}));
    assert_eq!(event(&mut stream, "job")["kind"], "new");
    jobs.report("a", json!({"status": "running"}));
    assert_eq!(event(&mut stream, "job")["status"], "running");
    // Neither a job with another tag nor an ordinary report is in the stream.
    jobs.create("other", json!({"tags": {"test": "another"}}));
    jobs.report("a", json!({"progress": 7}));
    jobs.report("a", json!({"tags": {"test": "another"}}));
    let removed = next_frame(&mut stream);
    assert_eq!((removed.event.as_deref(), &removed.json()["jobId"]), (Some("removed"), &json!(jobs.id("a"))));
    Request::new("DELETE", format!("/v2/jobs/{}", jobs.id("b"))).send().expect(204);
    assert_eq!(event(&mut stream, "removed")["jobId"], jobs.id("b"));
}

#[test]
fn a_viewer_that_joins_between_two_changes_learns_that_a_job_has_left_its_list() {
    let jobs = Jobs::new();
    // A first viewer, so that changes wait for the next broadcast.
    let _first = Stream::expect(&Request::get(format!("/v2/jobs/stream?tags.test={}", jobs.name)));
    let mut seen = 0;
    for number in 0..20 {
        let job = number.to_string();
        jobs.create(&job, json!({}));
        jobs.report(&job, json!({"status": "running"}));
        let path = format!("/v2/jobs/stream?status=running&tags.test={}", jobs.name);
        let mut stream = Stream::expect(&Request::get(path));
        let page = next_frame(&mut stream).json();
        let is_listed = jobs.names(&page).contains(&job);
        jobs.report(&job, json!({"status": "completed"}));
        if is_listed {
            seen += 1;
            assert_eq!(event(&mut stream, "removed")["jobId"], jobs.id(&job), "{job}");
        }
    }
    assert!(seen > 0, "no page had a running job");
}

#[test]
fn a_list_with_the_longest_filters_is_streamed() {
    let jobs = Jobs::new();
    let tags: Vec<String> = (0..8).map(|tag| format!("tags.{tag}{}={}", "n".repeat(220), "v".repeat(230))).collect();
    let path = format!("/v2/jobs/stream?tags.test={}&{}", jobs.name, tags.join("&"));
    let page = event(&mut Stream::expect(&Request::get(&path)), "page");
    assert_eq!(page["jobs"], json!([]));
    let refused = Request::get(format!("{path}&tags.one-more={}", "v".repeat(256))).send().expect(400);
    assert_eq!((&refused["details"]["field"], &refused["details"]["limit"]), (&json!("tags"), &json!(4096)));
}
