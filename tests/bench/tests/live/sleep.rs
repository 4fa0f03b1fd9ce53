//! Sleep: viewers who only wait cost the object nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bench::{
    http::{Answer, Connection, Request},
    stream::{Heard, Stream},
};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{Stage, report, run, within};

const VIEWERS: usize = 50;
const POLLERS: usize = 10;

/// Since when the object has been in memory, as it says itself.
fn started(answer: &Answer) -> String {
    answer.head.header("job-object-started").expect("the worker tells since when an object is in memory").to_owned()
}

#[test]
fn the_object_sleeps_while_viewers_wait_and_the_next_report_reaches_all_of_them() {
    let stage = Stage::new("sleep");
    let (port, key, job) = (stage.server.port, stage.key.text.clone(), stage.job.clone());
    run(async {
        report(&mut stage.producer(), json!({"status": "running", "current": 1})).await;
        let counters = || (0..VIEWERS + POLLERS).map(|_| Arc::new(AtomicU64::new(0))).collect::<Vec<_>>();
        let (seqs, beats) = (counters(), counters());
        let mut tasks = JoinSet::new();
        for index in 0..VIEWERS {
            let (seq, beat) = (Arc::clone(&seqs[index]), Arc::clone(&beats[index]));
            let mut stream = Stream::open(port, &key, &job, None).await.unwrap();
            tasks.spawn(async move {
                let hear = |heard| match heard {
                    Heard::Document(number, _) => seq.store(number, Relaxed),
                    Heard::Comment => drop(beat.fetch_add(1, Relaxed)),
                    _ => {}
                };
                while stream.hear(hear).await.unwrap() {}
                panic!("a stream ended");
            });
        }
        for seq in seqs.iter().skip(VIEWERS) {
            tasks.spawn(poll(port, key.clone(), job.clone(), Arc::clone(seq)));
        }
        let all_show = |number: u64| {
            let seqs = &seqs;
            move || seqs.iter().all(|seq| seq.load(Relaxed) == number)
        };
        within(Duration::from_secs(30), "all show the first document", all_show(1)).await;

        let first = started(&report(&mut stage.producer(), json!({"current": 2})).await);
        let last_report = Instant::now();
        within(Duration::from_secs(10), "all show the second document", all_show(2)).await;
        let births_before = births(&stage);
        tokio::time::sleep_until((last_report + Duration::from_secs(15)).into()).await;
        // Nothing has looked since, and nothing may have woken it: whoever is born in these 15 s was not asleep.
        let second = started(&report(&mut stage.producer(), json!({"current": 3})).await);
        assert_ne!(first, second, "the object was still in memory 15 s after the last report");
        within(Duration::from_secs(10), "all show the third document", all_show(3)).await;
        assert_eq!(births(&stage), births_before + 1, "something woke the object while all waited");

        // Left alone for 45 s it has been out for 30 at least; heartbeats go on meanwhile.
        let beats_before: Vec<_> = beats.iter().map(|beat| beat.load(Relaxed)).collect();
        tokio::time::sleep(Duration::from_secs(45)).await;
        assert_eq!(births(&stage), births_before + 1, "something woke the object while all waited");
        for (before, beat) in beats_before.iter().zip(&beats).take(VIEWERS) {
            assert!(beat.load(Relaxed) >= before + 3, "a stream was silent");
        }
        let third = started(&report(&mut stage.producer(), json!({"current": 4})).await);
        assert_ne!(second, third, "the object did not sleep");
        within(Duration::from_secs(10), "all show the fourth document", all_show(4)).await;
    });
}

/// How often the object has come into memory, as the worker logs it.
fn births(stage: &Stage) -> usize {
    std::fs::read_to_string(stage.folder.path().join("log")).unwrap().matches("an object came into memory").count()
}

/// Asks for the next state, again and again; each request waits for up to a minute.
async fn poll(port: u16, key: String, job: String, seq: Arc<AtomicU64>) {
    let mut connection = Connection::open(port).await.unwrap();
    // Where it stands now; only then there is a state to wait for another than.
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
