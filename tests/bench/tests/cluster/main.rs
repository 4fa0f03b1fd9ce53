//! A cluster of three instances of the executable `job-progress` on one machine, over a local S3 server.
//!
//! `cargo xtask test cluster` builds the executable (`SERVER`) and installs the S3 server (`MOTO`).
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test measures deadlines, and a panic is how it fails"
)]

// Tests start in the order of their names: first the two that take longest, so that the others run beside them.
mod ends;
mod faults;
mod instances;
mod settings;

use bench::{
    bucket::Bucket,
    cluster::Cluster,
    http::{Answer, Connection, Request},
    key::{Key, fresh_job},
    server::Folder,
};
use serde_json::Value;

/// A lease of five seconds. With a shorter one an instance leaves the cluster whenever Python takes long for an answer.
const DIVISOR: u32 = 4;

/// A running cluster, and the id of a job on it.
struct Fixture {
    cluster: Cluster,
    bucket: Bucket,
    key: Key,
    job: String,
    folder: Folder,
}

impl Fixture {
    /// Three instances, whose leases are the usual ones divided by `divisor`.
    async fn start(name: &str, divisor: u32) -> Fixture {
        let (key, folder) = (Key::draw().unwrap(), Folder::new(name).unwrap());
        let bucket = Bucket::start(folder.path()).await.unwrap();
        let cluster = Cluster::start(&bucket, folder.path(), &key, 3, divisor).await.unwrap();
        Fixture { cluster, bucket, key, job: fresh_job().unwrap(), folder }
    }

    fn port(&self, instance: usize) -> u16 {
        self.cluster.instances[instance].port
    }

    /// Reports to the job through an instance, which owns the job if this is its first report.
    async fn report(&self, instance: usize, report: &Value) -> Answer {
        let path = format!("/v2/jobs/{}/reports?create=true", self.job);
        self.ask(instance, "POST", &path, report.to_string().as_bytes()).await
    }

    async fn connection(&self, instance: usize) -> Connection {
        Connection::open(self.port(instance)).await.unwrap()
    }

    async fn ask(&self, instance: usize, method: &str, path: &str, body: &[u8]) -> Answer {
        let request = Request::new(method, path, &self.key.text, &[], body);
        self.connection(instance).await.ask(&request).await.unwrap()
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
