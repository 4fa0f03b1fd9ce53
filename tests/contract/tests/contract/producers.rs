//! Concurrent producers, and producers that retry.

use std::thread;

use contract::{http::Request, target::fresh_job};
use serde_json::json;

#[test]
fn increments_of_100_producers_each_sent_twice_add_up_exactly() {
    const PRODUCERS: u64 = 100;
    const THREADS: u64 = 10;
    const REPORTS: u64 = 3;
    let job = fresh_job();
    let path = format!("/v2/jobs/{job}/reports?create=true");
    thread::scope(|scope| {
        for first in 0..THREADS {
            let path = &path;
            scope.spawn(move || {
                for order in 0..REPORTS {
                    for producer in (first..PRODUCERS).step_by(THREADS as usize) {
                        let report = json!({"producer": format!("p{producer}"), "order": order, "increment": producer});
                        for _ in 0..2 {
                            let answer = Request::post(path, &report).send();
                            assert!(answer.status < 300, "{answer}");
                        }
                    }
                }
            });
        }
    });
    let document = Request::get(format!("/v2/jobs/{job}/status")).send().expect(200);
    let sum: u64 = (0..PRODUCERS).sum::<u64>() * REPORTS;
    assert_eq!((&document["current"], &document["seq"]), (&sum.into(), &(PRODUCERS * REPORTS).into()));
}

#[test]
fn of_many_concurrent_creations_one_creates_the_job() {
    const CALLERS: usize = 8;
    let job = fresh_job();
    let body = json!({"jobId": job, "kind": "race"});
    let statuses = thread::scope(|scope| {
        let calls: Vec<_> =
            (0..CALLERS).map(|_| scope.spawn(|| Request::post("/v2/jobs", &body).send().status)).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect::<Vec<_>>()
    });
    let created = statuses.iter().filter(|status| **status == 201).count();
    let retried = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!((created, retried), (1, CALLERS - 1), "{statuses:?}");
    let document = Request::get(format!("/v2/jobs/{job}/status")).send().expect(200);
    assert_eq!(document["seq"], 1);
}

#[test]
fn of_many_concurrent_ends_one_ends_the_job() {
    let job = fresh_job();
    let path = format!("/v2/jobs/{job}/reports");
    Request::post(format!("{path}?create=true"), &json!({"status": "running"})).send().expect(201);
    let ends = ["completed", "failed", "cancelled", "timeout"];
    let answers = thread::scope(|scope| {
        let end = |status: &'static str| {
            let report = json!({"status": status, "message": status});
            let path = &path;
            scope.spawn(move || Request::post(path, &report).send())
        };
        let calls: Vec<_> = ends.map(end).into_iter().collect();
        calls.into_iter().map(|call| call.join().unwrap().expect(200)).collect::<Vec<_>>()
    });
    assert_eq!(answers.iter().filter(|answer| answer["accepted"] == true).count(), 1, "{answers:?}");
    let document = Request::get(format!("/v2/jobs/{job}/status")).send().expect(200);
    assert_eq!((&document["status"], &document["seq"]), (&document["message"], &2.into()));
    assert!(answers.iter().all(|answer| answer["status"] == document["status"]), "{answers:?}");
}
