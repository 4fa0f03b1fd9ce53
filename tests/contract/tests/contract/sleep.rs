//! Hibernation: while viewers watch and nothing changes, the job's object leaves memory; the next report still arrives.
//!
//! In development mode the answer to a report has the time at which the object was created in memory.

use std::{
    thread,
    time::{Duration, Instant},
};

use contract::{
    http::{Answer, Request},
    stream::{Item, Stream},
    target::fresh_job,
};
use serde_json::json;

/// An object leaves memory after ten idle seconds; idle time itself is tested here, so a pause is the condition.
const IDLE: Duration = Duration::from_secs(14);

/// When the object that answered was created in memory.
fn object_started(answer: &Answer) -> String {
    let started = answer.header("job-object-started");
    started.expect("a worker with JOB_PROGRESS_DEV=1 sends job-object-started")
}

fn report(job: &str, progress: u64) -> Answer {
    let answer = Request::post(format!("/v2/jobs/{job}/reports?create=true"), &json!({"progress": progress})).send();
    assert!(answer.status < 300, "{answer}");
    answer
}

#[test]
fn the_object_sleeps_while_a_viewer_watches_and_the_next_report_arrives() {
    let job = fresh_job();
    report(&job, 1);
    let mut viewer = Stream::expect(&Request::get(format!("/v2/jobs/{job}/status/stream")));
    viewer.until(|document| document["progress"] == 1);
    let before = object_started(&report(&job, 2));
    viewer.until(|document| document["progress"] == 2);
    let idle_until = Instant::now() + IDLE;
    while Instant::now() < idle_until {
        match viewer.next(idle_until) {
            Ok(Some(Item::Comment(_))) | Err(_) => {}
            other => panic!("nothing changed, but the stream sent {other:?}"),
        }
    }
    let after = object_started(&report(&job, 3));
    assert_ne!(before, after, "the object stayed in memory for {IDLE:?} without a request");
    viewer.until(|document| document["progress"] == 3);
}

#[test]
fn the_object_sleeps_while_ten_readers_wait_and_all_are_answered() {
    let job = fresh_job();
    let before = object_started(&report(&job, 1));
    let status = format!("/v2/jobs/{job}/status");
    let etag = Request::get(&status).send().header("etag").unwrap();
    let readers: Vec<_> = (0..10)
        .map(|_| Request::get(format!("{status}?wait=60")).header("if-none-match", etag.clone()))
        .map(|request| thread::spawn(move || (request.send(), Instant::now())))
        .collect();
    let idle_until = Instant::now() + IDLE;
    while let Some(left) = idle_until.checked_duration_since(Instant::now()) {
        assert!(
            readers.iter().all(|reader| !reader.is_finished()),
            "a waiting reader was answered although nothing changed"
        );
        thread::park_timeout(left);
    }
    let after = object_started(&report(&job, 2));
    let reported = Instant::now();
    assert_ne!(before, after, "the object stayed in memory for {IDLE:?} while readers waited");
    for reader in readers {
        let (answer, at) = reader.join().unwrap();
        assert_eq!(answer.expect(200)["progress"], 2, "{answer}");
        assert!(at.saturating_duration_since(reported) < Duration::from_secs(10), "the reader was answered late");
    }
}
