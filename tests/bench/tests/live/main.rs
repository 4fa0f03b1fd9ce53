//! The live path on the real runtime: sleep, leaks, slow readers, crashes, panics, reconnecting crowds, abuse, deadlines,
//! clocks, webhooks, the index, children.
//!
//! Each test starts a worker of its own under workerd from the bundle that `cargo xtask build` made. `XTASK` names the
//! program that starts it; the default is the one that `cargo build -p xtask` made.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test measures deadlines, and a panic is how it fails"
)]

mod abuse;
mod children;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod clock_restart;
mod crash;
mod deadlines;
mod index;
mod leak;
#[cfg(target_os = "linux")]
mod offset_clock;
mod open_files;
mod panic;
mod rows;
mod server;
mod sleep;
mod slow_reader;
mod storm;
mod webhooks;

use std::{
    env,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bench::{
    http::{Answer, Producer},
    key::{Key, fresh_job},
    process,
    server::{Folder, Kind, Server},
};
use protocol::Timestamp;
use serde_json::Value;

/// A running worker and the id of a job on it.
struct Fixture {
    server: Server,
    key: Key,
    job: String,
    folder: Folder,
}

impl Fixture {
    fn new(name: &str) -> Fixture {
        Fixture::of_kind(Kind::OursWithDevHeaders, name)
    }

    fn of_kind(kind: Kind, name: &str) -> Fixture {
        let (key, folder) = (Key::draw().unwrap(), Folder::new(name).unwrap());
        Fixture { server: Server::start(kind, &folder, &key).unwrap(), key, job: fresh_job().unwrap(), folder }
    }

    /// The same with these settings.
    fn with_environment(name: &str, variables: &[(&str, &str)]) -> Fixture {
        let (key, folder) = (Key::draw().unwrap(), Folder::new(name).unwrap());
        let server = Server::with_environment(Kind::OursWithDevHeaders, variables, &folder, &key).unwrap();
        Fixture { server, key, job: fresh_job().unwrap(), folder }
    }

    /// The same with a bundle that was built for tests.
    fn from_bundle(name: &str, bundle: &Path) -> Fixture {
        let (key, folder) = (Key::draw().unwrap(), Folder::new(name).unwrap());
        let server = Server::from_bundle(Kind::OursWithDevHeaders, bundle, &folder, &key).unwrap();
        Fixture { server, key, job: fresh_job().unwrap(), folder }
    }

    fn producer(&self) -> Producer {
        Producer::new(self.server.port, &self.key.text, &self.job)
    }
}

/// The bundles that were built for tests, each with what a panic does in it: `UNWIND` or `ABORT`.
///
/// Where xtask has a nightly toolchain both exist; without one it says before the tests that `UNWIND` is missing.
fn bundles() -> Vec<(&'static str, PathBuf)> {
    let bundle = |panics| Some((panics, PathBuf::from(env::var_os(format!("FAULT_INJECTION_{panics}"))?)));
    let bundles: Vec<_> = ["UNWIND", "ABORT"].into_iter().filter_map(bundle).collect();
    assert!(!bundles.is_empty(), "no bundle was built for tests; `cargo xtask test live` builds them");
    bundles
}

/// Reports and expects that the report is accepted.
async fn report(producer: &mut Producer, report: Value) -> Answer {
    let answer = producer.report(&report).await.unwrap().success().unwrap();
    assert_eq!(answer.json()["accepted"], true, "{answer:?}");
    answer
}

/// Held by tests that need both processors, so that they run one after the other.
fn processors() -> MutexGuard<'static, ()> {
    static PROCESSORS: Mutex<()> = Mutex::new(());
    PROCESSORS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Measures the time for which other programs keep a server and the thread of its test from a processor. A limit of a time is
/// longer by as much: that is no fault of the server.
struct Contention {
    pid: i32,
    began: Instant,
    before: i64,
}

impl Contention {
    /// Measures from now on.
    fn of(server: &Server) -> Contention {
        Contention { pid: server.pid, began: Instant::now(), before: Contention::total_ms(server.pid) }
    }

    fn total_ms(pid: i32) -> i64 {
        process::waited_ms(pid).unwrap() + process::own_waited_ms().unwrap()
    }

    /// The time so far; at most three quarters of all time, so that a limit is never longer than four times what it is.
    fn so_far(&self) -> Duration {
        let waited = u64::try_from(Contention::total_ms(self.pid) - self.before).unwrap_or(0);
        Duration::from_millis(waited).min(self.began.elapsed() * 3 / 4)
    }

    fn so_far_ms(&self) -> f64 {
        self.so_far().as_secs_f64() * 1_000.0
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// The milliseconds since the Unix epoch of a time in a document.
fn millis(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_default();
    let time = Timestamp::parse(text).unwrap_or_else(|| panic!("{time} is no time"));
    i64::try_from(time.millis()).unwrap()
}

/// Waits until `is_true` and returns how long that took; fails after `limit`.
async fn within(limit: Duration, what: &str, mut is_true: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !is_true() {
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}
