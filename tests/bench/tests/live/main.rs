//! The live path against the real runtime: sleep, leaks, slow readers, crashes, storms.
//!
//! Each test starts a worker of its own under workerd (`XTASK` names the program that does it; else what
//! `cargo build -p xtask` left) from what `cargo xtask build` built.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test measures deadlines, and fails by panicking"
)]

mod crash;
mod leak;
mod panic;
mod rows;
mod sleep;
mod slow;
mod storm;

use std::{
    env,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bench::{
    http::{Answer, Producer},
    key::{Key, fresh_job},
    server::{Folder, Kind, Server},
};
use serde_json::Value;

/// A worker, and a job on it.
struct Stage {
    server: Server,
    key: Key,
    job: String,
    folder: Folder,
}

impl Stage {
    fn new(name: &str) -> Stage {
        let (key, folder) = (Key::draw().unwrap(), Folder::new(name).unwrap());
        Stage {
            server: Server::start(Kind::OursTelling, &folder, &key).unwrap(),
            key,
            job: fresh_job().unwrap(),
            folder,
        }
    }

    /// The same with a worker that was built for tests, and tells what it holds.
    fn of_bundle(name: &str, bundle: &Path) -> Stage {
        let (key, folder) = (Key::draw().unwrap(), Folder::new(name).unwrap());
        let server = Server::of_bundle(Kind::OursTelling, bundle, &folder, &key).unwrap();
        Stage { server, key, job: fresh_job().unwrap(), folder }
    }

    fn producer(&self) -> Producer {
        Producer::new(self.server.port, &self.key.text, &self.job)
    }
}

/// The bundles there are that were built for tests, and what panics do in them.
fn bundles() -> Vec<(&'static str, PathBuf)> {
    let bundle = |panics| Some((panics, PathBuf::from(env::var_os(format!("FAULT_INJECTION_{panics}"))?)));
    let bundles: Vec<_> = ["UNWIND", "ABORT"].into_iter().filter_map(bundle).collect();
    assert!(!bundles.is_empty(), "no worker was built for tests: `cargo xtask test live` builds it");
    bundles
}

/// Reports, and looks that it was accepted.
async fn report(producer: &mut Producer, report: Value) -> Answer {
    let answer = producer.report(&report).await.unwrap().success().unwrap();
    assert_eq!(answer.json()["accepted"], true, "{answer:?}");
    answer
}

/// Those that need both processors wait for each other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Waits until it is true, and says how long that took; fails after `limit`.
async fn within(limit: Duration, what: &str, mut is_true: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !is_true() {
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}
