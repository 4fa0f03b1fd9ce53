//! Sleep: while viewers, pollers and a producer only wait, the object is not in memory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bench::{
    http::{Answer, Connection, Request},
    stream::{Item, Stream},
};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{Fixture, report, run, within};

const VIEWERS: usize = 50;
const POLLERS: usize = 10;
/// Producers that wait for a control request.
const PRODUCERS: usize = 3;

/// How long nothing happens. The platform puts an object to sleep after 10 s; two heartbeats of 12 s follow each other within
/// this time, the second of them while the object certainly sleeps.
const IDLE: Duration = Duration::from_secs(30);
const HEARTBEATS: u64 = 2;

/// The time at which the object came into memory, as the response says.
fn started(answer: &Answer) -> String {
    answer.head.header("job-object-started").expect("a worker in development mode sends job-object-started").to_owned()
}

#[test]
fn the_object_sleeps_while_viewers_wait_and_the_next_report_reaches_all_of_them() {
    let fixture = Fixture::new("sleep");
    let (port, key, job) = (fixture.server.port, fixture.key.text.clone(), fixture.job.clone());
    run(async {
        report(&mut fixture.producer(), json!({"status": "running", "current": 1})).await;
        let counters = || (0..VIEWERS + POLLERS).map(|_| Arc::new(AtomicU64::new(0))).collect::<Vec<_>>();
        let (seqs, beats) = (counters(), counters());
        let mut tasks = JoinSet::new();
        for index in 0..VIEWERS {
            let (seq, beat) = (Arc::clone(&seqs[index]), Arc::clone(&beats[index]));
            let mut stream = Stream::open(port, &key, &job, None).await.unwrap();
            tasks.spawn(async move {
                let on_item = |item| match item {
                    Item::Document(number, _) => seq.store(number, Relaxed),
                    Item::Comment => drop(beat.fetch_add(1, Relaxed)),
                    _ => {}
                };
                while stream.read(on_item).await.unwrap() {}
                panic!("a stream ended");
            });
        }
        for seq in seqs.iter().skip(VIEWERS) {
            tasks.spawn(poll(port, key.clone(), job.clone(), Arc::clone(seq)));
        }
        let requests = Arc::new(AtomicU64::new(0));
        for _ in 0..PRODUCERS {
            tasks.spawn(await_request(port, key.clone(), job.clone(), Arc::clone(&requests)));
        }
        let all_show = |number: u64| {
            let seqs = &seqs;
            move || seqs.iter().all(|seq| seq.load(Relaxed) == number)
        };
        within(Duration::from_secs(30), "all show the first document", all_show(1)).await;
        all_wait(&fixture, VIEWERS + POLLERS + PRODUCERS).await;

        let first = started(&report(&mut fixture.producer(), json!({"current": 2})).await);
        within(Duration::from_secs(30), "all show the second document", all_show(2)).await;
        let idle_since = Instant::now();
        let beats_before: Vec<_> = beats.iter().map(|beat| beat.load(Relaxed)).collect();
        let loads_before = loads(&fixture);
        tokio::time::sleep_until((idle_since + IDLE).into()).await;
        assert_eq!(loads(&fixture), loads_before, "the object woke up while all waited");
        for (before, beat) in beats_before.iter().zip(&beats).take(VIEWERS) {
            assert!(beat.load(Relaxed) >= before + HEARTBEATS, "a stream had no heartbeats");
        }

        let second = started(&report(&mut fixture.producer(), json!({"current": 3})).await);
        assert_ne!(first, second, "the object was still in memory {IDLE:?} after the last report");
        within(Duration::from_secs(30), "all show the third document", all_show(3)).await;
        assert_eq!(loads(&fixture), loads_before + 1, "the object woke up more than once");

        assert_eq!(requests.load(Relaxed), 0, "a producer was answered before there was a request");
        let pause = Request::new("POST", &format!("/v2/jobs/{job}/pause"), &key, &[], b"");
        Connection::open(port).await.unwrap().ask(&pause).await.unwrap().success().unwrap();
        let all_know = || requests.load(Relaxed) == PRODUCERS as u64;
        within(Duration::from_secs(30), "all producers know of the request", all_know).await;
    });
}

/// Returns once the object has so many sockets.
async fn all_wait(fixture: &Fixture, sockets: usize) {
    let began = Instant::now();
    loop {
        // A stale report changes nothing, and its response has the number.
        let answer = fixture.producer().report(&json!({"attempt": 9})).await.unwrap().success().unwrap();
        if answer.head.header("job-viewers") == Some(&sockets.to_string()) {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "not all of {sockets} wait: {answer:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The number of times that the object came into memory, from the log of the worker.
fn loads(fixture: &Fixture) -> usize {
    std::fs::read_to_string(fixture.folder.path().join("log")).unwrap().matches("an object came into memory").count()
}

/// Waits for a control request, up to a minute, and counts it.
async fn await_request(port: u16, key: String, job: String, requests: Arc<AtomicU64>) {
    let path = format!("/v2/jobs/{job}/control?wait=60");
    let request = Request::new("GET", &path, &key, &[], b"");
    let answer = Connection::open(port).await.unwrap().ask(&request).await.unwrap().success().unwrap();
    assert_eq!(answer.json()["control"]["request"], "pause", "{answer:?}");
    requests.fetch_add(1, Relaxed);
}

/// Requests the next state again and again; each request waits for up to a minute.
async fn poll(port: u16, key: String, job: String, seq: Arc<AtomicU64>) {
    let mut connection = Connection::open(port).await.unwrap();
    // The first request returns the current state; the next ones wait for another.
    let mut wait = String::new();
    loop {
        let path = format!("/v2/jobs/{job}/status{wait}");
        let answer = connection.ask(&Request::new("GET", &path, &key, &[], b"")).await.unwrap();
        if answer.head.status == 304 {
            continue;
        }
        let document = answer.success().unwrap().json();
        let number = document["seq"].as_u64().unwrap();
        wait = format!("?wait=60&cursor={}.{number}", document["epoch"].as_str().unwrap());
        seq.store(number, Relaxed);
    }
}
