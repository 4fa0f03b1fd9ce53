//! A panic, at the edge or in the object, while a hundred viewers watch: only the request that caused it fails.
//!
//! That holds where panics unwind. A build without nightly aborts: then all viewers reconnect, and the test asserts only
//! that they do so in time and miss no document.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use bench::{
    comeback::{self, Seen, Target},
    http::{Answer, Connection, Producer, Request},
    key::{Key, fresh_job},
    sample::Sample,
    server::{Folder, Kind, Server},
};
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use crate::{Contention, bundles, processors, report, run, within};

const VIEWERS: usize = 100;
/// How long it may take until every viewer has the next document, while no other program needs a processor.
///
/// After an abort all viewers reconnect: the server asks for up to 1.75 s, and the first attempt is spread over 0.5 s. The
/// rest is for the connections themselves.
const RECOVERY_LIMIT: Duration = Duration::from_secs(3);
/// Where the panics happen, one after the other.
const PLACES: [&str; 2] = ["edge", "object"];

/// A worker that panics on demand, and a job with viewers.
struct Watched {
    server: Server,
    key: Key,
    job: String,
    producer: Producer,
    number: u64,
    seen: Vec<Arc<Seen>>,
    tasks: JoinSet<()>,
    _cut: watch::Sender<u64>,
    _folder: Folder,
}

impl Watched {
    async fn open(bundle: &Path) -> Watched {
        // On a disk, other programs could delay each commit by seconds.
        let (key, folder) = (Key::draw().unwrap(), Folder::in_memory("panic").unwrap());
        let server = Server::from_bundle(Kind::Ours, bundle, &folder, &key).unwrap();
        let job = fresh_job().unwrap();
        let mut producer = Producer::new(server.port, &key.text, &job);
        report(&mut producer, json!({"status": "running", "current": 0, "message": "0"})).await;
        let target = Arc::new(Target { port: server.port.into(), key: key.text.clone(), job: job.clone() });
        let seen: Vec<Arc<Seen>> = (0..VIEWERS).map(|_| Arc::default()).collect();
        let (cut, cuts) = watch::channel(0);
        let mut tasks = JoinSet::new();
        for seen in &seen {
            tasks.spawn(comeback::watch(Arc::clone(&target), Arc::clone(seen), cuts.clone()));
        }
        let all_live = || seen.iter().all(|seen| seen.live.load(Relaxed));
        within(Duration::from_secs(60), "all viewers are live", all_live).await;
        Watched { server, key, job, producer, number: 0, seen, tasks, _cut: cut, _folder: folder }
    }

    /// Sends the next report and returns its `seq`.
    async fn report_next(&mut self) -> u64 {
        self.number += 1;
        let next = json!({"current": self.number, "message": self.number.to_string()});
        report(&mut self.producer, next).await.json()["seq"].as_u64().unwrap()
    }

    /// Causes a panic and returns the response to that request.
    async fn panic(&self, place: &str) -> Answer {
        let (headers, body): (&[_], &[u8]) = match place {
            "edge" => (&[("Fault-Injection", "edge")], b"{}"),
            _ => (&[], br#"{"message":"injected fault in the object"}"#),
        };
        let path = format!("/v2/jobs/{}/reports", self.job);
        let request = Request::new("POST", &path, &self.key.text, headers, body);
        Connection::open(self.server.port).await.unwrap().ask(&request).await.unwrap()
    }

    /// Reports until every viewer has the first of these reports; returns how long that took.
    async fn await_next_document(&mut self) -> Duration {
        let (contention, began) = (Contention::of(&self.server), Instant::now());
        let wanted = self.report_next().await;
        while !self.seen.iter().all(|seen| seen.seq.load(Relaxed) >= wanted) {
            let limit = RECOVERY_LIMIT + contention.so_far();
            assert!(began.elapsed() < limit, "some viewers have not received the next report after {limit:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.report_next().await;
        }
        began.elapsed()
    }

    /// Milliseconds from `then` until half of the viewers, and all, were live again; `None` unless all reconnected.
    fn reconnected_after(&self, then: Instant) -> Option<[f64; 2]> {
        let mut waits = Sample::default();
        for seen in &self.seen {
            let live = seen.lives().last()?.checked_duration_since(then)?;
            waits.add(live.as_secs_f64() * 1_000.0);
        }
        Some([0.5, 1.0].map(|share| waits.percentile(share)))
    }

    /// The number of times that streams were opened again.
    fn reconnects(&self) -> usize {
        self.seen.iter().map(|seen| seen.lives().len() - 1).sum()
    }

    async fn end(mut self) {
        report(&mut self.producer, json!({"status": "completed", "message": "done"})).await;
        let all_ended = || self.seen.iter().all(|seen| seen.ended.load(Relaxed));
        within(Duration::from_secs(15), "all viewers have the final document", all_ended).await;
        let violations: Vec<_> = self.seen.iter().flat_map(|seen| seen.violations()).collect();
        assert!(violations.is_empty(), "{violations:?}");
        self.tasks.shutdown().await;
    }
}

#[test]
fn after_a_panic_every_viewer_has_the_next_document_within_three_seconds() {
    let _processors = processors();
    for (panics, bundle) in bundles() {
        run(async {
            let mut watched = Watched::open(&bundle).await;
            for place in PLACES {
                let (before, began) = (watched.reconnects(), Instant::now());
                let answer = watched.panic(place).await;
                assert_eq!(answer.head.status, 500, "{answer:?}");
                let took = watched.await_next_document().await;
                let reconnects = watched.reconnects() - before;
                println!(
                    "{panics}: after a panic in the {place} every viewer has the next report after {} ms, {reconnects} viewers \
                     by reconnecting (half, all: {:.0?} ms)",
                    took.as_millis(),
                    watched.reconnected_after(began)
                );
                if panics == "UNWIND" {
                    // Only the request that panicked fails.
                    assert_eq!(answer.json()["error"], "INTERNAL", "{answer:?}");
                    assert_eq!(reconnects, 0);
                }
            }
            watched.end().await;
        });
    }
}
