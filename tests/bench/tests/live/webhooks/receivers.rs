//! Receivers that are slow, broken or gone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::{accepting, create, deliveries, names, post, report, server, until};
use bench::{
    key::Key,
    receiver::{Received, Receiver, Response},
    server::{Folder, Server},
};
use serde_json::{Value, json};

use crate::run;

struct Fixture {
    server: Server,
    key: Key,
    _folder: Folder,
}

impl Fixture {
    fn new(name: &str) -> Fixture {
        let (key, folder) = (Key::draw().unwrap(), Folder::new(name).unwrap());
        Fixture { server: server(&folder, &key), key, _folder: folder }
    }

    async fn create(&self, webhooks: Value) -> String {
        create(self.server.port, &self.key.text, webhooks).await
    }

    async fn report(&self, job: &str, body: Value) -> Value {
        report(self.server.port, &self.key.text, job, body).await
    }

    async fn deliveries(&self, job: &str) -> Vec<Value> {
        deliveries(self.server.port, &self.key.text, job).await
    }
}

/// A receiver that does so with the first requests and accepts the others.
async fn at_first(count: usize, response: Response) -> Receiver {
    let seen = AtomicUsize::new(0);
    let answering = move |_: &Received| {
        if seen.fetch_add(1, Relaxed) < count { response.clone() } else { Response::Status(200, Vec::new()) }
    };
    Receiver::start(Arc::new(answering)).await.unwrap()
}

#[test]
fn a_delivery_that_fails_is_tried_again_with_the_same_id_and_body_and_before_those_behind_it() {
    let fixture = Fixture::new("webhooks-again");
    run(async {
        for response in [Response::Status(500, vec![]), Response::Status(429, vec![]), Response::Reset] {
            let receiver = at_first(2, response.clone()).await;
            let job = fixture.create(json!([{"url": receiver.url("hook"), "progress": [50]}])).await;
            fixture.report(&job, json!([{"progress": 60}, {"status": "completed"}])).await;
            until("all are delivered", async || {
                names(&receiver.received()).last().is_some_and(|name| name == "3_completed")
            })
            .await;
            let received = receiver.received();
            let expected = ["1_started", "1_started", "1_started", "2_progress_50", "3_completed"];
            assert_eq!(names(&received), expected, "{response:?}");
            assert!(received[..3].iter().all(|again| again.body == received[0].body));
            until("the list says so", async || {
                fixture.deliveries(&job).await.iter().all(|delivery| delivery["status"] == "delivered")
            })
            .await;
            assert_eq!(fixture.deliveries(&job).await[0]["tries"], 3);
        }
    });
}

#[test]
fn a_receiver_gets_the_events_of_a_job_that_was_paused_stopped_retried_and_deleted() {
    let fixture = Fixture::new("webhooks-events");
    let (port, key) = (fixture.server.port, &fixture.key.text);
    run(async {
        let receiver = accepting().await;
        let alerts = json!([{"field": "execution.costAccrued", "above": 5}]);
        let job = fixture.create(json!([{"url": receiver.url("hook?key=PLANTED"), "alerts": alerts}])).await;
        fixture.report(&job, json!([{"status": "paused"}, {"execution": {"costAccrued": 7}}])).await;
        for request in ["resume", "cancel"] {
            post(port, key, &format!("/v2/jobs/{job}/{request}"), json!({})).await;
        }
        fixture.report(&job, json!({"status": "cancelled"})).await;
        post(port, key, &format!("/v2/jobs/{job}/retry"), json!({})).await;
        let delete = bench::http::Request::new("DELETE", &format!("/v2/jobs/{job}"), key, &[], b"");
        until("all are delivered", async || names(&receiver.received()).len() == 7).await;
        bench::http::Connection::open(port).await.unwrap().ask(&delete).await.unwrap().success().unwrap();
        until("the deletion is delivered", async || names(&receiver.received()).len() == 8).await;
        assert_eq!(
            names(&receiver.received()),
            ["1_started", "2_paused", "3_alert", "4_control", "5_control", "6_cancelled", "7_retried", "7_deleted"]
        );
        let alert = receiver.received()[2].json();
        assert_eq!(alert["alert"], json!({"field": "execution.costAccrued", "above": 5, "value": 7}));
        // Once the last delivery has ended, nothing is left of the job.
        let path = format!("/v2/jobs/{job}/deliveries");
        until("nothing is left", async || bench::http::get(port, key, &path).await.unwrap().head.status == 404).await;
    });
}

#[test]
fn the_wait_that_a_receiver_asks_for_is_kept() {
    let fixture = Fixture::new("webhooks-retry-after");
    run(async {
        // 200 s are 2 s here; without it the next try would come after 50 ms.
        let receiver = at_first(1, Response::Status(503, vec![("Retry-After", "200".to_owned())])).await;
        fixture.create(json!([{"url": receiver.url("hook")}])).await;
        until("it is tried again", async || receiver.received().len() == 2).await;
        let received = receiver.received();
        let waited = received[1].at - received[0].at;
        assert!((Duration::from_secs(2)..Duration::from_secs(10)).contains(&waited), "{waited:?}");
    });
}

#[test]
fn no_redirect_is_followed() {
    let fixture = Fixture::new("webhooks-redirect");
    run(async {
        let target = accepting().await;
        for status in [301, 302, 303, 307, 308] {
            let receiver = at_first(2, Response::Status(status, vec![("Location", target.url("inside"))])).await;
            fixture.create(json!([{"url": receiver.url("hook")}])).await;
            // The third try is the witness: the first two have ended by then.
            until("it is tried again", async || receiver.received().len() == 3).await;
        }
        assert_eq!(target.received().len(), 0);
    });
}

#[test]
fn a_receiver_that_is_gone_gets_no_event_any_more_until_it_is_subscribed_again() {
    let fixture = Fixture::new("webhooks-gone");
    run(async {
        let receiver = at_first(1, Response::Status(410, vec![])).await;
        let witness = accepting().await;
        let webhooks = json!([{"url": receiver.url("hook")}, {"url": witness.url("hook")}]);
        let job = fixture.create(webhooks.clone()).await;
        until("it has answered", async || fixture.deliveries(&job).await[0]["status"] == "gone").await;
        fixture.report(&job, json!({"status": "paused"})).await;
        until("the other one gets the event", async || witness.received().len() == 2).await;
        assert_eq!(fixture.deliveries(&job).await.len(), 3);
        fixture.report(&job, json!({"status": "running", "webhooks": webhooks})).await;
        until("it gets events again", async || receiver.received().len() == 2).await;
        assert_eq!(names(&receiver.received()), ["1_started", "3_resumed"]);
    });
}

#[test]
fn a_delivery_can_be_requested_again_after_it_has_ended() {
    let fixture = Fixture::new("webhooks-redeliver");
    let (port, key) = (fixture.server.port, &fixture.key.text);
    run(async {
        let receiver = at_first(1, Response::Status(410, vec![])).await;
        let job = fixture.create(json!([{"url": receiver.url("hook")}])).await;
        until("it has answered", async || fixture.deliveries(&job).await[0]["status"] == "gone").await;
        let again = post(port, key, &format!("/v2/jobs/{job}/deliveries/1/redeliver"), json!({})).await;
        assert_eq!((&again["status"], &again["tries"]), (&"pending".into(), &0.into()));
        until("it is delivered", async || fixture.deliveries(&job).await[0]["status"] == "delivered").await;
        let received = receiver.received();
        assert_eq!((received.len(), received[0].id()), (2, received[1].id()));
    });
}

#[test]
fn a_job_keeps_its_last_deliveries_and_the_newest_state_of_a_list_of_reports_is_among_them() {
    let fixture = Fixture::new("webhooks-many");
    run(async {
        let dead = Receiver::start(Arc::new(|_: &Received| Response::Silence)).await.unwrap();
        let job = fixture.create(json!([{"url": dead.url("hook")}])).await;
        let states = ["paused", "running"].into_iter().cycle().take(500);
        let answer = fixture.report(&job, states.map(|status| json!({"status": status})).collect()).await;
        assert_eq!(answer["seq"], 501);
        let deliveries = fixture.deliveries(&job).await;
        let (first, last) = (&deliveries[0], &deliveries[deliveries.len() - 1]);
        assert_eq!((deliveries.len(), &first["number"], &last["number"]), (500, &2.into(), &501.into()));
        assert!(last["id"].as_str().unwrap().ends_with("_501_resumed"), "{last}");
    });
}

#[test]
fn receivers_that_never_answer_or_send_without_end_hold_up_neither_the_job_nor_the_others() {
    let fixture = Fixture::new("webhooks-dead");
    run(async {
        let dead = Receiver::start(Arc::new(|_: &Received| Response::Silence)).await.unwrap();
        let endless = Receiver::start(Arc::new(|_: &Received| Response::Endless)).await.unwrap();
        let (again, witness) = (at_first(1, Response::Status(500, vec![])).await, accepting().await);
        let webhooks = json!([
            {"url": dead.url("1")}, {"url": dead.url("2")}, {"url": endless.url("hook")}, {"url": again.url("hook")},
            {"url": witness.url("hook")},
        ]);
        let memory = fixture.server.memory_mb().unwrap();
        let began = Instant::now();
        // The next try and the deadline are due while two tries wait for an answer.
        let job = fixture.create(webhooks).await;
        until("the next try is made", async || again.received().len() == 2).await;
        let still_wait = async |job: &str| {
            let tries = fixture.deliveries(job).await;
            assert!(tries[..2].iter().all(|delivery| delivery["lastTryAt"].is_null()), "not before the tries end");
        };
        still_wait(&job).await;
        fixture.report(&job, json!({"stalledAfterSeconds": 5})).await;
        until("the deadline has passed", async || names(&witness.received()).contains(&"3_stalled".to_owned())).await;
        still_wait(&job).await;
        fixture.report(&job, json!([{"status": "paused"}, {"status": "completed"}])).await;
        until("the end is delivered", async || names(&witness.received()).contains(&"5_completed".to_owned())).await;
        still_wait(&job).await;
        until("the body without an end counts as an answer", async || {
            let is_answered = |delivery: &&Value| {
                delivery["url"] == format!("http://127.0.0.1:{}/…", endless.port) && delivery["lastStatus"] == 200
            };
            fixture.deliveries(&job).await.iter().filter(is_answered).count() == 4
        })
        .await;
        until("the tries end", async || {
            let errors = fixture.deliveries(&job).await;
            errors.iter().filter(|delivery| delivery["lastError"] == "no response in time").count() == 2
        })
        .await;
        let ended = began.elapsed();
        assert!((Duration::from_secs(15)..Duration::from_secs(25)).contains(&ended), "{ended:?}");
        let grown = fixture.server.memory_mb().unwrap() - memory;
        assert!(grown < 200.0, "{grown} MB were read");
    });
}
