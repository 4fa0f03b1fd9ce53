//! Where webhooks may be sent: no URL reaches a private address.

use std::time::Duration;

use super::{accepting, deliveries, until};
use bench::{
    http::{Connection, Request},
    key::{Key, fresh_job},
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
        let inside = accepting().await;
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
        assert_eq!(inside.received().len(), 0);
    });
}

#[test]
fn a_host_that_is_allowed_but_resolves_to_this_machine_is_not_connected_to() {
    let (key, folder) = (Key::draw().unwrap(), Folder::new("webhooks-inside").unwrap());
    // The check of URLs lets these pass, as it would a public name that resolves inside; the network of the runtime does not.
    let settings = [("WEBHOOK_ALLOW", "localhost 127.0.0.1 [::1]")];
    let server = Server::with_environment(Kind::Ours, &settings, &folder, &key).unwrap();
    let (port, key) = (server.port, key.text.as_str());
    run(async {
        let inside = accepting().await;
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            let job = fresh_job().unwrap();
            let url = format!("http://{host}:{}/", inside.port);
            let body = json!({"jobId": job, "webhooks": [{"url": url}]});
            let request = Request::new("POST", "/v2/jobs", key, &[], body.to_string().as_bytes());
            Connection::open(port).await.unwrap().ask(&request).await.unwrap().success().unwrap();
            until("it has been tried", async || deliveries(port, key, &job).await[0]["tries"] == 1).await;
            assert_eq!(deliveries(port, key, &job).await[0]["lastError"], "the connection failed", "{host}");
        }
        assert_eq!(inside.received().len(), 0);
        // The witness: the receiver does get what is sent to it.
        let request = Request::anonymous("POST", "/", &[], b"{}");
        Connection::open(inside.port).await.unwrap().ask(&request).await.unwrap().success().unwrap();
        super::super::within(Duration::from_secs(5), "it is received", || inside.received().len() == 1).await;
    });
}
