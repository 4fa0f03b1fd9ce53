//! Sleep: while somebody watches and nothing happens, the job's object leaves memory; the next report still arrives.
//!
//! On a developer's machine the answer to a report tells when the object came into memory.

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

/// An object sleeps after ten idle seconds; here idle time itself is what is tested.
const IDLE: Duration = Duration::from_secs(14);

/// When the object that answered came into memory.
fn started(answer: &Answer) -> String {
    let started = answer.header("job-object-started");
    started.expect("a worker with JOB_PROGRESS_DEV=1 tells when the object came into memory")
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
    let awake = started(&report(&job, 2));
    viewer.until(|document| document["progress"] == 2);
    let idle_until = Instant::now() + IDLE;
    while Instant::now() < idle_until {
        match viewer.next(idle_until) {
            Ok(Some(Item::Comment(_))) | Err(_) => {}
            other => panic!("nothing happened, and yet the stream brings {other:?}"),
        }
    }
    let woken = started(&report(&job, 3));
    assert_ne!(awake, woken, "the object stayed in memory for {IDLE:?} of idleness");
    viewer.until(|document| document["progress"] == 3);
}

#[test]
fn the_object_sleeps_while_ten_pollers_wait_and_all_are_answered() {
    let job = fresh_job();
    let awake = started(&report(&job, 1));
    let status = format!("/v2/jobs/{job}/status");
    let etag = Request::get(&status).send().header("etag").unwrap();
    let pollers: Vec<_> = (0..10)
        .map(|_| Request::get(format!("{status}?wait=60")).header("if-none-match", etag.clone()))
        .map(|request| thread::spawn(move || (request.send(), Instant::now())))
        .collect();
    let idle_until = Instant::now() + IDLE;
    while let Some(left) = idle_until.checked_duration_since(Instant::now()) {
        assert!(pollers.iter().all(|poller| !poller.is_finished()), "a poller was answered though nothing changed");
        thread::park_timeout(left);
    }
    let woken = started(&report(&job, 2));
    let reported = Instant::now();
    assert_ne!(awake, woken, "the object stayed in memory for {IDLE:?} while pollers waited");
    for poller in pollers {
        let (answer, at) = poller.join().unwrap();
        assert_eq!(answer.expect(200)["progress"], 2, "{answer}");
        assert!(at.saturating_duration_since(reported) < Duration::from_secs(10), "the poller was answered late");
    }
}
