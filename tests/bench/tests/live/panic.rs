//! A panic, at the edge or in the object, while a hundred viewers watch: it ends its own request, and nobody else notices.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use bench::{
    comeback::{self, Place, Seen},
    http::{Answer, Connection, Producer, Request},
    key::{Key, fresh_job},
    sample::Sample,
    server::{Folder, Kind, Server},
};
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use crate::{alone, bundles, report, run, within};

const VIEWERS: usize = 100;
/// How long it may take until all see what comes.
const LIMIT: Duration = Duration::from_secs(3);
/// Who panics, one after the other.
const PLACES: [&str; 2] = ["edge", "object"];

/// A worker that panics on demand, and a job that is watched.
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
        let (key, folder) = (Key::draw().unwrap(), Folder::new("panic").unwrap());
        let server = Server::of_bundle(Kind::Ours, bundle, &folder, &key).unwrap();
        let job = fresh_job().unwrap();
        let mut producer = Producer::new(server.port, &key.text, &job);
        report(&mut producer, json!({"status": "running", "current": 0, "message": "0"})).await;
        let place = Arc::new(Place { port: server.port.into(), key: key.text.clone(), job: job.clone() });
        let seen: Vec<Arc<Seen>> = (0..VIEWERS).map(|_| Arc::default()).collect();
        let (cut, cuts) = watch::channel(0);
        let mut tasks = JoinSet::new();
        for seen in &seen {
            tasks.spawn(comeback::watch(Arc::clone(&place), Arc::clone(seen), cuts.clone()));
        }
        let all_live = || seen.iter().all(|seen| seen.live.load(Relaxed));
        within(Duration::from_secs(60), "all are there", all_live).await;
        Watched { server, key, job, producer, number: 0, seen, tasks, _cut: cut, _folder: folder }
    }

    /// Reports once more; the `seq` of that.
    async fn go_on(&mut self) -> u64 {
        self.number += 1;
        let said = json!({"current": self.number, "message": self.number.to_string()});
        report(&mut self.producer, said).await.json()["seq"].as_u64().unwrap()
    }

    /// Has something panic, and says what that request was told.
    async fn panic(&self, place: &str) -> Answer {
        let (headers, body): (&[_], &[u8]) = match place {
            "edge" => (&[("Fault-Injection", "edge")], b"{}"),
            _ => (&[], br#"{"message":"injected fault in the object"}"#),
        };
        let path = format!("/v2/jobs/{}/reports", self.job);
        let request = Request::new("POST", &path, &self.key.text, headers, body);
        Connection::open(self.server.port).await.unwrap().ask(&request).await.unwrap()
    }

    /// How long it takes until every viewer has seen the report of now, which goes on being followed by others.
    async fn all_see_what_comes(&mut self) -> Duration {
        let (began, wanted) = (Instant::now(), self.go_on().await);
        while !self.seen.iter().all(|seen| seen.seq.load(Relaxed) >= wanted) {
            assert!(began.elapsed() < LIMIT, "some have not seen the next report after {LIMIT:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.go_on().await;
        }
        began.elapsed()
    }

    /// Milliseconds from then until half of the viewers, and all, were live again, if all had to come back.
    fn comebacks(&self, then: Instant) -> Option<[f64; 2]> {
        let mut waits = Sample::default();
        for seen in &self.seen {
            let live = seen.lives().last()?.checked_duration_since(then)?;
            waits.add(live.as_secs_f64() * 1_000.0);
        }
        Some([0.5, 1.0].map(|share| waits.percentile(share)))
    }

    /// How often streams were opened, the first time aside.
    fn returns(&self) -> usize {
        self.seen.iter().map(|seen| seen.lives().len() - 1).sum()
    }

    async fn end(mut self) {
        report(&mut self.producer, json!({"status": "completed", "message": "done"})).await;
        let all_ended = || self.seen.iter().all(|seen| seen.ended.load(Relaxed));
        within(Duration::from_secs(15), "all have seen the end", all_ended).await;
        let wrongs: Vec<_> = self.seen.iter().flat_map(|seen| seen.wrongs()).collect();
        assert!(wrongs.is_empty(), "{wrongs:?}");
        self.tasks.shutdown().await;
    }
}

#[test]
fn a_panic_is_over_in_three_seconds_and_loses_no_document() {
    let _alone = alone();
    for (panics, bundle) in bundles() {
        run(async {
            let mut watched = Watched::open(&bundle).await;
            for place in PLACES {
                let (before, began) = (watched.returns(), Instant::now());
                let answer = watched.panic(place).await;
                assert_eq!(answer.head.status, 500, "{answer:?}");
                let took = watched.all_see_what_comes().await;
                let returns = watched.returns() - before;
                println!(
                    "{panics}: a panic in the {place}, and every viewer has seen the next report after {} ms, \
                     {returns} by coming back (half, all: {:.0?} ms)",
                    took.as_millis(),
                    watched.comebacks(began)
                );
                if panics == "UNWIND" {
                    // It was one request's business.
                    assert_eq!(answer.json()["error"], "INTERNAL", "{answer:?}");
                    assert_eq!(returns, 0);
                }
            }
            watched.end().await;
        });
    }
}
