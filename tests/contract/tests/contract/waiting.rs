//! Long polling with `wait`.

use std::{
    thread,
    time::{Duration, Instant},
};

use contract::{http::Request, target::fresh_job};
use serde_json::json;

#[test]
fn a_waiting_reader_is_answered_by_the_next_change() {
    let job = fresh_job();
    let reports = format!("/v2/jobs/{job}/reports");
    Request::post(format!("{reports}?create=true"), &json!({"progress": 1})).send().expect(201);
    let status = format!("/v2/jobs/{job}/status");
    let first = Request::get(&status).send();
    let etag = first.header("etag").unwrap();
    let cursor = format!("{}.1", first.json()["epoch"].as_str().unwrap());
    let began = Instant::now();
    let waiting: Vec<_> = [
        Request::get(format!("{status}?wait=60")).header("if-none-match", etag),
        Request::get(format!("{status}?wait=60&cursor={cursor}")),
        Request::get(format!("{status}?wait=60")),
    ]
    .into_iter()
    .map(|request| thread::spawn(move || request.send()))
    .collect();
    // A reader that names a state and arrives after the change is answered at once, so the order does not matter. The one
    // that names no state must wait already when the change comes: report until it is answered.
    let mut progress = 1;
    while !waiting.iter().all(thread::JoinHandle::is_finished) {
        progress += 1;
        assert!(began.elapsed() < Duration::from_secs(50), "no reader was answered before its `wait` was over");
        Request::post(&reports, &json!({"progress": progress})).send().expect(200);
    }
    for reader in waiting {
        let answer = reader.join().unwrap();
        assert!(answer.expect(200)["progress"].as_u64().unwrap() > 1, "{answer}");
    }
}

#[test]
fn a_wait_for_a_job_that_is_deleted_ends() {
    let job = fresh_job();
    Request::post(format!("/v2/jobs/{job}/reports?create=true"), &json!({"progress": 1})).send().expect(201);
    let status = format!("/v2/jobs/{job}/status");
    let etag = Request::get(&status).send().header("etag").unwrap();
    let began = Instant::now();
    let request = Request::get(format!("{status}?wait=60")).header("if-none-match", etag);
    let waiting = thread::spawn(move || request.send());
    Request::new("DELETE", format!("/v2/jobs/{job}")).send().expect(204);
    assert_eq!(waiting.join().unwrap().status, 404);
    assert!(began.elapsed() < Duration::from_secs(50), "the reader waited until its `wait` was over");
}

#[test]
fn a_waiting_producer_is_notified_of_a_request_and_of_the_end_and_not_of_reports() {
    let job = fresh_job();
    let reports = format!("/v2/jobs/{job}/reports");
    Request::post(format!("{reports}?create=true"), &json!({"progress": 1})).send().expect(201);
    let control = format!("/v2/jobs/{job}/control");
    for (request, answer) in [
        (Request::new("POST", format!("/v2/jobs/{job}/pause")), json!("pause")),
        (Request::post(&reports, &json!({"status": "completed"})), json!(null)),
    ] {
        let seen = Request::get(&control).send().header("etag").unwrap().to_owned();
        let began = Instant::now();
        let waiting = {
            let request = Request::get(format!("{control}?wait=60")).header("if-none-match", seen);
            thread::spawn(move || request.send())
        };
        for progress in 2..20 {
            Request::post(&reports, &json!({"progress": progress})).send().expect(200);
        }
        assert!(!waiting.is_finished(), "a report has ended the wait");
        request.send().expect(200);
        let answered = waiting.join().unwrap().expect(200);
        assert_eq!(answered["control"].get("request").unwrap_or(&json!(null)), &answer);
        assert!(began.elapsed() < Duration::from_secs(50), "the producer was not answered before its `wait` was over");
    }
}
