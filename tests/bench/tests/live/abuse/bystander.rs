//! A bystander: a viewer of another job with another token, and a client of `/healthz`. It judges the abuse by what it sees.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use bench::{
    http::{Connection, Producer, Request},
    process,
    sample::Sample,
    stream::{Item, Stream},
};
use serde_json::json;
use tokio::sync::oneshot;

use crate::{Fixture, report, run};

/// The intervals between reports to the bystander's job, and between its requests.
const REPORT_INTERVAL: Duration = Duration::from_millis(50);
const HEALTH_INTERVAL: Duration = Duration::from_millis(20);
/// The observations of each kind after which a measurement is complete: a request that waits is one of them.
const ENOUGH: usize = 5;
/// How long the bystander may wait for them, however slow the server has become.
const OBSERVATION_LIMIT: Duration = Duration::from_secs(60);

/// What the bystander has seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Milliseconds from a report to its frame.
    pub(super) frames: Sample,
    /// Milliseconds that `/healthz` took.
    pub(super) health: Sample,
    /// The most megabytes that the server had.
    pub(super) memory_mb: f64,
}

/// The bystander, in a thread of its own, so that the attacker's work does not delay it.
pub(super) struct Bystander {
    seen: Arc<Mutex<Seen>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Bystander {
    /// Begins to watch the job of the fixture with this token.
    pub(super) fn begin(fixture: &Fixture, token: String) -> Bystander {
        let seen = Arc::<Mutex<Seen>>::default();
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let (port, pid, job) = (fixture.server.port, fixture.server.pid, fixture.job.clone());
        let (mut producer, shared) = (fixture.producer(), Arc::clone(&seen));
        let thread = thread::spawn(move || {
            run(async {
                report(&mut producer, json!({"status": "running", "current": 0})).await;
                let stream = Stream::open(port, &token, &job, None).await.unwrap();
                ready.send(()).unwrap();
                let began = Instant::now();
                tokio::select! {
                    () = produce(&mut producer, began) => {}
                    () = watch(stream, began, &shared) => panic!("the bystander's stream ended"),
                    () = ask(port, pid, &shared) => {}
                    _ = stopped => {}
                }
            });
        });
        is_ready.recv().expect("the bystander connects");
        Bystander { seen, stop: Some(stop), thread: Some(thread) }
    }

    /// Forgets what was seen; the next measurement begins.
    pub(super) fn forget(&self) {
        *lock(&self.seen) = Seen::default();
    }

    /// What was seen since the last [`Bystander::forget`], once that is enough.
    pub(super) async fn measure(&self) -> Seen {
        let began = Instant::now();
        let before = lock(&self.seen).clone();
        loop {
            let seen = lock(&self.seen).clone();
            let is_enough = |now: &Sample, before: &Sample| now.count() >= before.count() + ENOUGH;
            if is_enough(&seen.frames, &before.frames) && is_enough(&seen.health, &before.health) {
                return seen;
            }
            assert!(!self.thread.as_ref().is_none_or(JoinHandle::is_finished), "the bystander failed");
            assert!(began.elapsed() < OBSERVATION_LIMIT, "the bystander is served no more: {seen:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        drop(self.stop.take());
        // If it panicked, the test fails by what it did not see.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reports the time again and again.
async fn produce(producer: &mut Producer, began: Instant) {
    let mut ticks = tokio::time::interval(REPORT_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let millis = began.elapsed().as_millis() as u64;
        report(producer, json!({"current": millis})).await;
    }
}

/// Measures the age of each document.
async fn watch(mut stream: Stream, began: Instant, seen: &Mutex<Seen>) {
    let on_item = |item| {
        let Item::Document(_, data) = item else { return };
        let document: serde_json::Value = serde_json::from_str(&data).unwrap();
        let reported = document["current"].as_f64().unwrap();
        if reported > 0.0 {
            lock(seen).frames.add(began.elapsed().as_secs_f64() * 1_000.0 - reported);
        }
    };
    while stream.read(on_item).await.unwrap() {}
}

/// Measures `/healthz` and the memory of the server.
async fn ask(port: u16, pid: i32, seen: &Mutex<Seen>) {
    let request = Request::anonymous("GET", "/healthz", &[], b"");
    let mut connection = Connection::open(port).await.unwrap();
    loop {
        let began = Instant::now();
        connection.ask(&request).await.unwrap().success().unwrap();
        {
            let mut seen = lock(seen);
            seen.health.add(began.elapsed().as_secs_f64() * 1_000.0);
            seen.memory_mb = seen.memory_mb.max(process::memory_mb(pid).unwrap());
        }
        tokio::time::sleep(HEALTH_INTERVAL).await;
    }
}
