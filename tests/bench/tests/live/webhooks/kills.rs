//! Deliveries of a runtime that is killed again and again.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::until;
use bench::{
    http::{Producer, get},
    key::{Key, fresh_job, random_below},
    receiver::{Received, Receiver, Response},
    server::{Folder, Kind, Server},
};
use serde_json::{Value, json};

use crate::{processors, run};

const KILLS: usize = 200;
/// The kills of one job; it keeps its last 500 deliveries.
const KILLS_OF_A_JOB: usize = 20;
/// The longest life of the runtime after its start, in milliseconds.
const LIFE_MS: u64 = 150;
/// The tries in a row that may fail: after eleven a delivery would be given up.
const FAILURES: usize = 5;
/// The schedule of tries is so short that a delivery is tried often between two kills.
const RETRY_SCALE: &str = "0.0001";

#[test]
fn each_event_is_delivered_at_least_once_and_in_order_although_the_runtime_is_killed() {
    let _processors = processors();
    let (key, folder) = (Key::draw().unwrap(), Folder::in_memory("webhooks-kills").unwrap());
    let start = || {
        let settings = [("JOB_PROGRESS_RETRY_SCALE", RETRY_SCALE)];
        Server::with_environment(Kind::OursWithDevHeaders, &settings, &folder, &key).unwrap()
    };
    run(async {
        // A fifth of the tries fail, and a tenth get no answer although the receiver has accepted the event.
        let failures = AtomicUsize::new(0);
        let answering = move |_: &Received| {
            let number = random_below(10);
            if number > 2 || failures.fetch_add(1, Relaxed) >= FAILURES {
                failures.store(0, Relaxed);
                return Response::Status(200, vec![]);
            }
            if number == 2 { Response::Reset } else { Response::Status(500, vec![]) }
        };
        let receiver = Receiver::start(Arc::new(answering)).await.unwrap();
        let (mut kills, mut events, mut unanswered) = (0, 0, 0);
        let began = Instant::now();
        while kills < KILLS {
            let job = fresh_job().unwrap();
            let mut acknowledged = 0;
            for _ in 0..KILLS_OF_A_JOB {
                let server = start();
                let mut producer = Producer::new(server.port, &key.text, &job);
                let life = tokio::time::sleep(Duration::from_millis(random_below(LIFE_MS)));
                let reports = async {
                    loop {
                        // Without an `order`: a report whose answer is lost is sent only once.
                        let status = if acknowledged % 2 == 0 { "running" } else { "paused" };
                        // The log shows afterwards which reports were committed.
                        let mut body = json!({"status": status, "logs": [status]});
                        if acknowledged == 0 {
                            body["webhooks"] = json!([{"url": receiver.url(&job)}]);
                        }
                        match producer.report(&body).await {
                            Ok(answer) => acknowledged = answer.json()["seq"].as_u64().unwrap_or(acknowledged),
                            Err(_) => return,
                        }
                        tokio::time::sleep(Duration::from_millis(random_below(20))).await;
                    }
                };
                tokio::select! {
                    () = life => {}
                    () = reports => {}
                }
                server.crash().unwrap();
                kills += 1;
            }
            let server = start();
            let path = format!("/v2/jobs/{job}/deliveries?limit=500");
            let list = async || get(server.port, &key.text, &path).await.unwrap().json()["deliveries"].clone();
            until("every delivery has ended", async || {
                list().await.as_array().unwrap().iter().all(|delivery| delivery["status"] == "delivered")
            })
            .await;
            let status = get(server.port, &key.text, &format!("/v2/jobs/{job}/status")).await.unwrap().json();
            let seq = status["seq"].as_u64().unwrap();
            assert!(seq >= acknowledged, "{seq} {acknowledged}");
            unanswered += seq - acknowledged;
            let first = ids(list().await.as_array().unwrap()).remove(0);
            let id_of_job = first.split('_').next().unwrap();
            let log = get(server.port, &key.text, &format!("/v2/jobs/{job}/logs?limit=1000")).await.unwrap().json();
            let expected = expected(id_of_job, log["lines"].as_array().unwrap());
            let received = receiver.received().into_iter().filter(|one| one.path == format!("/{job}")).collect();
            check(received, &status, &expected);
            assert_eq!(ids(list().await.as_array().unwrap()), expected);
            events += expected.len();
        }
        println!("{kills} kills in {:?}: {events} events, {unanswered} committed without an answer", began.elapsed());
    });
}

fn ids(deliveries: &[Value]) -> Vec<String> {
    deliveries.iter().map(|delivery| delivery["id"].as_str().unwrap().to_owned()).collect()
}

/// The ids of the events of a job whose committed reports have these log lines, one each.
fn expected(id_of_job: &str, lines: &[Value]) -> Vec<String> {
    let mut ids = Vec::new();
    let mut former = "";
    for line in lines {
        let (seq, state) = (&line["number"], line["message"].as_str().unwrap());
        let event = match (former, state) {
            ("", _) => "started",
            (_, "paused") => "paused",
            _ => "resumed",
        };
        if state != former {
            ids.push(format!("{id_of_job}_{seq}_{event}"));
        }
        former = state;
    }
    ids
}

/// Checks what the receiver got of a job that has these events.
fn check(received: Vec<Received>, status: &Value, ids: &[String]) {
    let mut bodies: HashMap<String, &str> = HashMap::new();
    let mut accepted: Vec<&str> = Vec::new();
    for one in &received {
        assert!(ids.iter().any(|id| id == one.id()), "{} is of a change that was not committed", one.id());
        assert_eq!(*bodies.entry(one.id().to_owned()).or_insert(&one.body), one.body, "another body of {}", one.id());
        let data = &one.json()["data"];
        assert!(data["seq"].as_u64() <= status["seq"].as_u64() && data["jobId"] == status["jobId"], "{data}");
        // One whose answer was lost counts: the receiver has it.
        if one.status != 500 && !accepted.contains(&one.id()) {
            accepted.push(one.id());
        }
    }
    assert_eq!(accepted, ids, "not all, or not in order");
}
