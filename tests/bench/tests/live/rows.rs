//! The rows that a request writes. What the index adds is in `index.rs`.

use bench::http::{Connection, Request};
use serde_json::{Value, json};

use crate::{Fixture, report, run};

/// The alarm that repeats a call to the index costs a row at times that depend on the machine.
const INDEX_OFF: &[(&str, &str)] = &[("INDEX", "off")];

/// Sends a request about the job and returns the number of rows that it wrote.
async fn rows(fixture: &Fixture, path: &str, body: &Value) -> u64 {
    let request = Request::new("POST", path, &fixture.key.text, &[], body.to_string().as_bytes());
    let mut connection = Connection::open(fixture.server.port).await.unwrap();
    let answer = connection.ask(&request).await.unwrap().success().unwrap();
    answer.head.header("job-rows-written").and_then(|rows| rows.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"))
}

#[test]
fn a_report_writes_one_row_and_so_does_a_list_of_them() {
    let fixture = Fixture::with_environment("rows", INDEX_OFF);
    let mut producer = fixture.producer();
    run(async {
        // The first report creates the tables and sets the alarm.
        report(&mut producer, json!({"current": 0, "total": 1_000})).await;
        for number in 1..=20 {
            let answer = report(&mut producer, json!({"current": number, "message": "on"})).await;
            assert_eq!(answer.head.header("job-rows-written"), Some("1"), "{answer:?}");
        }
        let many: Vec<_> = (21..=520).map(|number| json!({"current": number})).collect();
        let answer = report(&mut producer, json!(many)).await;
        assert_eq!(answer.head.header("job-rows-written"), Some("1"), "{:?}", answer.head);
        // The log lines of one report share one row of their own.
        let logs: Vec<_> = (0..100).map(|number| format!("line {number}")).collect();
        let answer = report(&mut producer, json!({"current": 521, "logs": logs})).await;
        assert_eq!(answer.head.header("job-rows-written"), Some("2"), "{:?}", answer.head);
    });
}

#[test]
fn deadlines_cost_a_row_only_when_the_alarm_must_be_earlier() {
    let fixture = Fixture::with_environment("rows-deadlines", INDEX_OFF);
    let job = &fixture.job;
    let deadlines = json!({"jobId": job, "status": "running", "timeoutSeconds": 600, "heartbeatTimeoutSeconds": 300,
        "stalledAfterSeconds": 60, "retentionSeconds": 3_600});
    run(async {
        let send = async |path: &str, body: Value| rows(&fixture, &format!("/v2/jobs/{job}/{path}"), &body).await;
        assert_eq!(rows(&fixture, "/v2/jobs", &deadlines).await, 2, "the job and its alarm");
        for number in 0..20 {
            // Each report makes the silence end later: the alarm fires early, and is set again then.
            assert_eq!(send("reports", json!({"progress": number})).await, 1);
        }
        assert_eq!(send("reports", json!({})).await, 1);
        assert_eq!(send("reports", json!({"stalledAfterSeconds": 30})).await, 2, "an earlier deadline");
        assert_eq!(send("reports", json!({"stalledAfterSeconds": 90})).await, 1, "a later deadline");
        assert_eq!(send("pause", json!({})).await, 1);
        assert_eq!(send("pause", json!({})).await, 0, "the request is pending already");
        assert_eq!(send("cancel", json!({"reason": "wrong file"})).await, 1);
        assert_eq!(
            send("reports", json!({"status": "cancelled"})).await,
            1,
            "the job expires later than the alarm fires"
        );
        assert_eq!(send("retry", json!({})).await, 1);
        assert_eq!(send("retry", json!({})).await, 0, "the attempt has begun");
        assert_eq!(send("cancel", json!({})).await, 1, "a queued job ends at once");
    });
}

#[test]
fn a_job_that_is_created_again_after_its_deletion_sets_its_alarm_again() {
    let fixture = Fixture::with_environment("rows-again", INDEX_OFF);
    let created = json!({"jobId": fixture.job, "status": "running", "heartbeatTimeoutSeconds": 60});
    run(async {
        assert_eq!(rows(&fixture, "/v2/jobs", &created).await, 2, "the job and its alarm");
        let path = format!("/v2/jobs/{}", fixture.job);
        let deletion = Request::new("DELETE", &path, &fixture.key.text, &[], b"");
        Connection::open(fixture.server.port).await.unwrap().ask(&deletion).await.unwrap().success().unwrap();
        // The alarm of the former job, which was earlier, was deleted with it.
        assert_eq!(rows(&fixture, "/v2/jobs", &created).await, 2, "the new job and its alarm");
    });
}
