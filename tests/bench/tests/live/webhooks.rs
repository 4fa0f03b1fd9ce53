//! Webhooks on the real runtime, sent to a real receiver.

mod kills;
mod receivers;
mod targets;

use std::{sync::Arc, time::Duration};

use bench::{
    http::{Connection, Request, get},
    key::{Key, fresh_job},
    receiver::{Received, Receiver, Response},
    server::{Folder, Kind, Server},
};
use serde_json::{Value, json};

/// The schedule of tries, 5 s, 1 min, 5 min, …, is shortened to 50 ms, 600 ms, 3 s, ….
const RETRY_SCALE: &str = "0.01";

/// How long a test waits for a delivery.
const DELIVERED: Duration = Duration::from_secs(30);

/// A server on which webhooks may be sent to this machine.
fn server(folder: &Folder, key: &Key) -> Server {
    let settings = [("JOB_PROGRESS_RETRY_SCALE", RETRY_SCALE)];
    Server::with_environment(Kind::OursWithDevHeaders, &settings, folder, key).unwrap()
}

/// A receiver that accepts everything.
async fn accepting() -> Receiver {
    Receiver::start(Arc::new(|_: &Received| Response::Status(204, Vec::new()))).await.unwrap()
}

async fn post(port: u16, key: &str, path: &str, body: Value) -> Value {
    let request = Request::new("POST", path, key, &[], body.to_string().as_bytes());
    Connection::open(port).await.unwrap().ask(&request).await.unwrap().success().unwrap().json()
}

/// Creates a running job with these webhooks and returns its id.
async fn create(port: u16, key: &str, webhooks: Value) -> String {
    let job = fresh_job().unwrap();
    let body = json!({"jobId": job, "status": "running", "webhooks": webhooks});
    post(port, key, "/v2/jobs", body).await;
    job
}

async fn report(port: u16, key: &str, job: &str, body: Value) -> Value {
    post(port, key, &format!("/v2/jobs/{job}/reports"), body).await
}

/// The deliveries of a job.
async fn deliveries(port: u16, key: &str, job: &str) -> Vec<Value> {
    let page = get(port, key, &format!("/v2/jobs/{job}/deliveries?limit=500")).await.unwrap().json();
    page["deliveries"].as_array().cloned().unwrap_or_default()
}

/// Waits until `is_true`, and fails after a while.
async fn until(what: &str, mut is_true: impl AsyncFnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is_true().await {
        assert!(began.elapsed() < DELIVERED, "not within {DELIVERED:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The ids of what a receiver got, without the digests of the job and of an alert.
fn names(received: &[Received]) -> Vec<String> {
    let name = |one: &Received| one.id().split_once('_').map_or("", |(_, name)| name).to_owned();
    let without_digest = |name: String| match name.split_once("_alert_") {
        Some((seq, _)) => format!("{seq}_alert"),
        None => name,
    };
    received.iter().map(name).map(without_digest).collect()
}
