//! A cluster of three instances of the executable `job-progress` on one machine, over a local S3 server.
//!
//! `cargo xtask test cluster` builds the executable (`SERVER`) and installs the S3 server (`MOTO`). The leases are short here: the
//! runtime waits out a lease before another instance takes over.
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test measures deadlines, and a panic is how it fails"
)]

use bench::{
    bucket::Bucket,
    server::Folder,
    takeover::{self, End},
};

/// A lease of five seconds. With a shorter one an instance leaves the cluster whenever Python takes long for an answer.
const DIVISOR: u32 = 4;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn take_over(name: &str, end: End) {
    let folder = Folder::new(name).unwrap();
    let outcome = run(async {
        let bucket = Bucket::start(folder.path()).await.unwrap();
        takeover::run(&bucket, folder.path(), end, 10, DIVISOR).await.unwrap()
    });
    println!("{}", takeover::summary(&outcome));
    takeover::expect_no_violations(&outcome).unwrap();
    assert_eq!(outcome.ends, 10);
}

#[test]
fn ten_killed_owners_lose_no_acknowledged_report() {
    take_over("cluster-crash", End::Crash);
}

#[test]
fn ten_stopped_owners_lose_no_acknowledged_report() {
    take_over("cluster-stop", End::Stop);
}
