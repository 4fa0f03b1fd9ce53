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
