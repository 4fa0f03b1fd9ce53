//! Tests of the deliveries that the changes of a job cause.

use protocol::{
    control::ControlRequest,
    limits::PAYLOAD_BYTES,
    report::{self, Report},
    webhook::WebhookUrl,
};
use serde_json::json;

use super::*;
use crate::{
    accept,
    control::{self, ControlOptions},
    job::Job,
};

fn at(second: u64) -> Timestamp {
    Timestamp::from_millis(second * 1000)
}

fn created(first: Value) -> Job {
    let job = Job::new("a".to_owned(), "k3v9a0".to_owned(), at(0));
    accept::create(job, report::from_body(first).unwrap(), at(0)).unwrap().job
}

fn reported(mut job: Job, body: Value) -> Job {
    job.outgoing.deliveries.clear();
    accept::accept(job, report::from_body(body).unwrap(), at(1)).job
}

fn retried(mut job: Job) -> Job {
    job.outgoing.deliveries.clear();
    control::apply(job, ControlRequest::Retry, ControlOptions::default(), at(2)).unwrap().0
}

fn ids(job: &Job) -> Vec<String> {
    // Without the digests of the job and of an alert.
    let name = |id: &'_ str| id.split_once('_').unwrap().1.to_owned();
    let without_digest = |name: String| match name.split_once("_alert_") {
        Some((seq, _)) => format!("{seq}_alert"),
        None => name,
    };
    job.outgoing.deliveries.iter().map(|delivery| without_digest(name(&delivery.id))).collect()
}

fn payload(job: &Job, index: usize) -> Value {
    payload_of(&job.outgoing.deliveries[index].payload)
}

fn payload_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

const URL: &str = "https://example.com/hook";

#[test]
fn a_job_without_webhooks_causes_no_delivery() {
    assert_eq!(ids(&reported(created(json!({})), json!({"status": "completed"}))), [""; 0]);
}

#[test]
fn each_change_of_a_list_is_an_event_with_the_state_at_that_change() {
    let job = created(json!({"webhooks": [{"url": URL}]}));
    assert_eq!(ids(&job), ["1_queued"]);
    let job =
        reported(job, json!([{"progress": 10}, {"status": "paused"}, {"status": "running"}, {"status": "failed"}]));
    assert_eq!(ids(&job), ["2_started", "3_paused", "4_resumed", "5_failed"]);
    assert_eq!(
        payload(&job, 1),
        json!({
            "type": "job.paused", "timestamp": "1970-01-01T00:00:01Z", "data": {
                "jobId": "a", "status": "paused", "progress": 10, "attempt": 1, "updatedAt": "1970-01-01T00:00:01Z", "seq": 3,
            },
        })
    );
}

#[test]
fn only_the_events_that_are_named_are_sent() {
    let job = created(
        json!({"webhooks": [{"url": URL, "events": ["job.completed"]}, {"url": "https://b.example/", "events": []}]}),
    );
    assert_eq!(ids(&job), [""; 0]);
    assert_eq!(ids(&reported(job, json!({"status": "completed"}))), ["2_completed"]);
}

#[test]
fn the_highest_threshold_that_progress_reaches_is_sent_once_in_an_attempt_and_before_the_end() {
    let webhook = json!({"url": URL, "events": ["job.completed"], "progress": [12.5, 50, 90, 100]});
    let job = reported(created(json!({"webhooks": [webhook]})), json!({"progress": 13}));
    assert_eq!(ids(&job), ["2_progress_12-5"]);
    let job = reported(job, json!([{"progress": 60}, {"progress": 40}, {"progress": 55}]));
    assert_eq!(ids(&job), ["3_progress_50"]);
    assert_eq!(
        (payload(&job, 0)["threshold"].clone(), payload(&job, 0)["data"]["progress"].clone()),
        (json!(50), json!(60))
    );
    let job = reported(job, json!({"status": "completed"}));
    assert_eq!(ids(&job), ["6_progress_100", "6_completed"]);
}

#[test]
fn an_alert_is_sent_each_time_a_number_passes_its_bound_and_anew_in_each_attempt() {
    let alerts =
        json!([{"field": "execution.costAccrued", "above": 5}, {"field": "metadata.gpus.1.load", "below": 10.5}]);
    let job = created(json!({"webhooks": [{"url": URL, "events": [], "alerts": alerts}]}));
    let cost = |cost: f64| json!({"execution": {"costAccrued": cost}});
    let job = reported(job, json!([cost(5.0), cost(5.5), cost(6.0), cost(4.0), cost(7.0)]));
    assert_eq!(ids(&job), ["3_alert", "6_alert"]);
    assert_eq!(payload(&job, 0)["alert"], json!({"field": "execution.costAccrued", "above": 5, "value": 5.5}));
    let job = reported(job, json!({"metadata": {"gpus": [{"load": 1}, {"load": 2}]}}));
    assert_eq!(ids(&job), ["7_alert"]);
    let job = reported(job, json!({"status": "failed"}));
    assert_eq!(ids(&job), [""; 0]);
    // `metadata` stays over a retry, `execution` does not.
    assert_eq!(ids(&retried(job)), ["9_alert"]);
}

#[test]
fn an_alert_on_a_value_that_is_no_number_is_never_sent() {
    let alerts: Vec<_> = ["message", "nothing", "steps.x", "tags.a.b", "", "."]
        .map(|field| json!({"field": field, "above": -1}))
        .to_vec();
    let job = created(json!({"webhooks": [{"url": URL, "events": [], "alerts": alerts}]}));
    assert_eq!(ids(&reported(job, json!({"message": "7", "steps": [{"id": "1"}], "tags": {"a": "7"}}))), [""; 0]);
}

#[test]
fn a_webhook_that_is_sent_again_does_not_repeat_its_events() {
    let webhooks = json!([{"url": URL, "progress": [50], "alerts": [{"field": "progress", "above": 40}]}]);
    let job = reported(created(json!({"webhooks": webhooks})), json!({"progress": 60}));
    assert_eq!(ids(&job), ["2_started", "2_progress_50", "2_alert"]);
    assert_eq!(ids(&reported(job.clone(), json!({"webhooks": webhooks, "progress": 70}))), [""; 0]);
    let other = json!([{"url": URL, "progress": [55]}]);
    assert_eq!(ids(&reported(job.clone(), json!({"webhooks": other}))), ["3_progress_55"]);
    assert_eq!(ids(&reported(job, json!([{"webhooks": []}, {"status": "failed"}]))), [""; 0]);
}

#[test]
fn a_project_gets_the_events_of_every_job_and_a_url_that_both_have_gets_them_once() {
    let webhook =
        |url: &str| Report::from_json(json!({"webhooks": [{"url": url}]})).unwrap().webhooks.unwrap().remove(0);
    let mut job = Job::new("a".to_owned(), "k3v9a0".to_owned(), at(0));
    job.outgoing.project = [webhook(URL), webhook("https://b.example/")].into();
    let first = report::from_body(json!({"webhooks": [{"url": URL}]})).unwrap();
    let mut job = accept::create(job, first, at(0)).unwrap().job;
    let urls: Vec<_> = job.outgoing.deliveries.iter().map(|delivery| delivery.url.0.as_str()).collect();
    assert_eq!((urls, ids(&job)), (vec![URL, "https://b.example/"], vec!["1_queued".to_owned(); 2]));
    job.record.webhooks.end(&WebhookUrl("https://b.example/".to_owned()));
    job.record.webhooks.end(&WebhookUrl(URL.to_owned()));
    let stored = serde_json::to_string(&job.record).unwrap();
    job.record = serde_json::from_str(&stored).unwrap();
    let job = reported(job, json!({"status": "running"}));
    assert_eq!(ids(&job), [""; 0], "receivers that are gone");
    assert_eq!(ids(&reported(job, json!({"webhooks": [{"url": URL}], "status": "paused"}))), ["3_paused"]);
}

#[test]
fn a_deadline_that_passes_a_request_and_the_deletion_are_events() {
    let mut job = created(json!({"webhooks": [{"url": URL}], "status": "running", "timeoutSeconds": 5}));
    job.outgoing.deliveries.clear();
    let (asked, _) = control::apply(job.clone(), ControlRequest::Cancel, ControlOptions::default(), at(2)).unwrap();
    assert_eq!(
        (ids(&asked), payload(&asked, 0)["data"]["control"]["request"].clone()),
        (vec!["2_control".to_owned()], json!("cancel"))
    );
    let crate::deadline::AlarmOutcome::Changed(mut ended) = crate::deadline::on_alarm(&job, &Default::default(), at(6))
    else {
        panic!()
    };
    assert_eq!(ids(&ended), ["2_timeout"]);
    assert_eq!(ids(&retried((*ended).clone())), ["3_retried"]);
    ended.outgoing.deliveries.clear();
    ended.publish_deletion(at(60));
    assert_eq!(
        (ids(&ended), payload(&ended, 0)["data"]["status"].clone()),
        (vec!["2_deleted".to_owned()], json!("timeout"))
    );
}

#[test]
fn a_payload_has_the_document_with_the_parts_that_are_included_unless_it_is_too_large() {
    let webhooks = json!([{"url": URL, "include": []}, {"url": "https://b.example/", "include": ["metrics"]}]);
    let fields = json!({"webhooks": webhooks, "metrics": {"loss": 1}, "attributes": {"a": "b"}});
    let job = created(fields);
    let data = |job: &Job, index| payload(job, index)["data"].clone();
    assert_eq!((&data(&job, 0)["attributes"], &data(&job, 0)["metrics"]), (&json!({"a": "b"}), &Value::Null));
    assert_eq!(data(&job, 1)["metrics"], json!({"loss": 1}));
    assert!(!job.outgoing.deliveries[0].payload.contains("example"), "no URL is in a payload");
    let job =
        reported(job, json!({"status": "failed", "error": {"message": "x", "details": "y".repeat(PAYLOAD_BYTES)}}));
    assert_eq!((ids(&job), &data(&job, 0)["attributes"]), (vec!["2_failed".to_owned(); 2], &Value::Null));
    assert!(job.outgoing.deliveries[0].payload.len() < 1_000);
}

#[test]
fn an_id_is_that_of_one_event_of_one_job_and_the_same_for_every_url() {
    let alerts = json!([{"field": "progress", "above": 10}, {"field": "progress", "above": 20}]);
    let turned = json!([{"field": "progress", "above": 20}, {"field": "progress", "above": 10}]);
    let webhooks = json!([{"url": URL, "alerts": alerts}, {"url": "https://b.example/", "alerts": turned}]);
    let job = reported(created(json!({"webhooks": webhooks})), json!({"progress": 50}));
    let ids = job.outgoing.deliveries.iter().map(|delivery| (delivery.id.clone(), payload_of(&delivery.payload)));
    let mut seen: std::collections::HashMap<String, Value> = Default::default();
    for (id, payload) in ids {
        assert_eq!(*seen.entry(id).or_insert(payload.clone()), payload);
    }
    assert_eq!(seen.len(), 3, "started and two alerts: {seen:?}");
    assert_ne!(id_of_job("a", "k3v9a0"), id_of_job("b", "k3v9a0"));
    assert_ne!(id_of_job("a", "k3v9a0"), id_of_job("a", "k3v9a1"));
}

#[test]
fn a_payload_of_the_largest_size_has_the_document() {
    let payload_with = |bytes: usize| {
        let job = created(json!({"webhooks": [{"url": URL, "include": []}], "output": "y".repeat(bytes)}));
        job.outgoing.deliveries[0].payload.clone()
    };
    let largest = PAYLOAD_BYTES - payload_with(0).len();
    assert_eq!(payload_with(largest).len(), PAYLOAD_BYTES);
    assert!(payload_of(&payload_with(largest + 1))["data"]["output"].is_null());
}
