//! Where webhooks may be sent: no URL reaches a private address.

use std::{ffi::OsStr, process::Command, sync::Arc};

use super::{accepting, deliveries, until};
use bench::{
    http::{Connection, Request},
    key::{Key, fresh_job},
    receiver::{Received, Receiver, Response},
    server::{Folder, Kind, Server},
};
use serde_json::{Value, json};

use crate::run;

/// The table that the tests of the engine use too.
const URLS: &str = include_str!("../../../../cases/webhooks/urls.json");

async fn create(port: u16, key: &str, job: &str, url: &str) -> (u16, Value) {
    let body = json!({"jobId": job, "webhooks": [{"url": url, "events": []}]});
    let request = Request::new("POST", "/v2/jobs", key, &[], body.to_string().as_bytes());
    let answer = Connection::open(port).await.unwrap().ask(&request).await.unwrap();
    (answer.head.status, answer.json())
}

#[test]
fn a_server_refuses_every_url_that_is_not_of_a_public_server() {
    let (key, folder) = (Key::draw().unwrap(), Folder::new("webhooks-targets").unwrap());
    let server = Server::start(Kind::Ours, &folder, &key).unwrap();
    let table: Value = serde_json::from_str(URLS).unwrap();
    let urls = |member: &str| table[member].as_array().unwrap().iter().map(|url| url.as_str().unwrap().to_owned());
    run(async {
        for url in urls("refused") {
            let (status, problem) = create(server.port, &key.text, "refused", &url).await;
            assert_eq!((status, &problem["details"]["field"]), (400, &"webhooks[0].url".into()), "{url}: {problem}");
        }
        for url in urls("allowed") {
            let (status, problem) = create(server.port, &key.text, &fresh_job().unwrap(), &url).await;
            assert_eq!(status, 201, "{url}: {problem}");
        }
    });
}

#[test]
fn a_url_that_is_not_allowed_any_more_when_it_is_tried_again_is_given_up() {
    let (key, folder) = (Key::draw().unwrap(), Folder::new("webhooks-again").unwrap());
    run(async {
        let refusing = Arc::new(|_: &Received| Response::Status(500, Vec::new()));
        let inside = Receiver::start(refusing).await.unwrap();
        let settings = [("WEBHOOK_ALLOW", "127.0.0.1")];
        let server = Server::with_environment(Kind::Ours, &settings, &folder, &key).unwrap();
        let job = fresh_job().unwrap();
        let body = json!({"jobId": job, "webhooks": [{"url": format!("http://127.0.0.1:{}/", inside.port)}]});
        let request = Request::new("POST", "/v2/jobs", &key.text, &[], body.to_string().as_bytes());
        Connection::open(server.port).await.unwrap().ask(&request).await.unwrap().success().unwrap();
        until("it has been tried", async || deliveries(server.port, &key.text, &job).await[0]["tries"] == 1).await;
        server.crash().unwrap();
        let server = Server::start(Kind::Ours, &folder, &key).unwrap();
        until("it is given up", async || {
            let delivery = deliveries(server.port, &key.text, &job).await.remove(0);
            delivery["status"] == "failed" && delivery["lastError"] == "must be an https URL"
        })
        .await;
        assert_eq!(inside.received().len(), 1);
    });
}

#[test]
fn a_host_in_a_private_network_is_connected_to_if_the_operator_allows_it() {
    let (key, folder) = (Key::draw().unwrap(), Folder::new("webhooks-inside").unwrap());
    let settings = [("WEBHOOK_ALLOW", "localhost 127.0.0.1")];
    let server = Server::with_environment(Kind::Ours, &settings, &folder, &key).unwrap();
    run(async {
        let inside = accepting().await;
        for (index, host) in ["localhost", "127.0.0.1"].into_iter().enumerate() {
            let url = format!("http://{host}:{}/", inside.port);
            try_once(server.port, &key, &url).await;
            assert_eq!(inside.received().len(), index + 1, "{host}");
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_public_name_that_resolves_to_this_machine_is_connected_to_only_if_the_operator_allows_it() {
    let (key, folder) = (Key::draw().unwrap(), Folder::new("webhooks-names").unwrap());
    let library = folder.path().join("names.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/webhooks/names.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(compiler.status().expect("a C compiler, which Rust needs too").success());
    let settings = [("LD_PRELOAD", library.as_os_str()), ("WEBHOOK_ALLOW", OsStr::new("allowed.loopback.example"))];
    let server = Server::with_environment(Kind::Ours, &settings, &folder, &key).unwrap();
    run(async {
        let inside = accepting().await;
        let delivery = try_once(server.port, &key, "https://other.loopback.example:8443/").await;
        assert_eq!(delivery["lastError"], "the connection failed");
        // The witness: the name leads to this machine.
        try_once(server.port, &key, &format!("http://allowed.loopback.example:{}/", inside.port)).await;
        assert_eq!(inside.received().len(), 1);
    });
}

/// Sends a webhook to the URL, and returns the delivery after the first try.
async fn try_once(port: u16, key: &Key, url: &str) -> Value {
    let job = fresh_job().unwrap();
    let body = json!({"jobId": job, "webhooks": [{"url": url}]});
    let request = Request::new("POST", "/v2/jobs", &key.text, &[], body.to_string().as_bytes());
    Connection::open(port).await.unwrap().ask(&request).await.unwrap().success().unwrap();
    until("it has been tried", async || deliveries(port, &key.text, &job).await[0]["tries"] == 1).await;
    deliveries(port, &key.text, &job).await.remove(0)
}
