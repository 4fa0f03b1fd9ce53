//! Changes of the clock between two runs of the server: set back by an hour, set forward by forty days.

use std::time::{Duration, Instant};

use bench::{
    http::{Answer, Connection, Request},
    key::{Key, fresh_job},
    server::{Folder, Server},
};
use serde_json::{Value, json};

use crate::{millis, offset_clock::OffsetClock, run};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// How long a condition may take to become true.
const LIMIT: Duration = Duration::from_secs(30);

/// A server that is killed and started again with another clock.
struct Clocked {
    server: Server,
    clock: OffsetClock,
    folder: Folder,
    key: Key,
}

impl Clocked {
    fn start(name: &str) -> Clocked {
        let (key, folder) = (Key::draw().unwrap(), Folder::new(name).unwrap());
        let clock = OffsetClock::new(&folder);
        Clocked { server: clock.server(&folder, &key), clock, folder, key }
    }

    /// Kills the server and starts it again with a clock that is so many seconds ahead of the real one.
    fn set_clock(self, seconds: i64) -> Clocked {
        let Clocked { server, clock, folder, key } = self;
        server.crash().unwrap();
        clock.set(seconds);
        Clocked { server: clock.server(&folder, &key), clock, folder, key }
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::new(method, path, &self.key.text, &[], body.as_bytes());
        Connection::open(self.server.port).await.unwrap().ask(&request).await.unwrap()
    }

    /// Creates a job with these fields and returns its id.
    async fn create(&self, mut fields: Value) -> String {
        let id = fresh_job().unwrap();
        fields["jobId"] = id.as_str().into();
        self.ask("POST", "/v2/jobs", &fields).await.success().unwrap();
        id
    }

    async fn report(&self, job: &str, report: Value) -> Value {
        self.ask("POST", &format!("/v2/jobs/{job}/reports"), &report).await.success().unwrap().json()
    }

    /// The document; `None` if there is no such job.
    async fn find(&self, job: &str) -> Option<Value> {
        let answer = self.ask("GET", &format!("/v2/jobs/{job}/status"), &Value::Null).await;
        if answer.head.status == 404 {
            assert_eq!(answer.json()["error"], "JOB_NOT_FOUND");
            return None;
        }
        let document = answer.success().unwrap().json();
        check_times(&document);
        Some(document)
    }

    async fn document(&self, job: &str) -> Value {
        self.find(job).await.unwrap_or_else(|| panic!("the job is lost"))
    }

    /// The document once its `seq` is that number.
    async fn document_at(&self, job: &str, seq: u64) -> Value {
        let began = Instant::now();
        loop {
            let document = self.document(job).await;
            if document["seq"].as_u64() >= Some(seq) {
                assert_eq!(document["seq"], seq, "{document}");
                return document;
            }
            assert!(began.elapsed() < LIMIT, "seq {seq} does not come: {document}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns once the job is deleted.
    async fn deleted(&self, job: &str) {
        let began = Instant::now();
        while let Some(document) = self.find(job).await {
            assert!(began.elapsed() < LIMIT, "the job is not deleted: {document}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// No time precedes one that it follows, and no duration is negative.
fn check_times(document: &Value) {
    let ended = ["completedAt", "failedAt", "cancelledAt", "timedOutAt"].map(|name| &document[name]);
    for last in ended.into_iter().chain([&document["stalledSince"]]) {
        let times = [&document["createdAt"], &document["startedAt"], last, &document["updatedAt"]];
        let times: Vec<i64> = times.into_iter().filter(|time| !time.is_null()).map(millis).collect();
        assert!(times.is_sorted(), "{document}");
    }
    assert!(document["executionTime"].as_f64().unwrap_or(0.0) >= 0.0, "{document}");
}

#[test]
fn a_clock_set_back_by_an_hour_and_forward_by_forty_days_ends_each_silent_job_once_and_loses_none() {
    let clocked = Clocked::start("clock");
    run(async {
        let minute = json!({"status": "running", "timeoutSeconds": 60});
        let [execution, retried] = [clocked.create(minute.clone()).await, clocked.create(minute).await];
        let heartbeat = clocked.create(json!({"status": "running", "heartbeatTimeoutSeconds": 60})).await;
        let stalled = clocked.create(json!({"status": "running", "stalledAfterSeconds": 60})).await;
        let paused = json!({"status": "paused", "heartbeatTimeoutSeconds": 60, "stalledAfterSeconds": 60});
        let paused = clocked.create(paused).await;
        let reporting = clocked.create(json!({"status": "running", "heartbeatTimeoutSeconds": 5})).await;
        let completed = clocked.create(json!({"status": "completed", "retentionSeconds": 86_400})).await;
        clocked.ask("POST", &format!("/v2/jobs/{retried}/cancel"), &Value::Null).await.success().unwrap();
        clocked.report(&reporting, json!({})).await;

        let clocked = clocked.set_clock(-HOUR);
        // A deadline counts from the new time after the next report, and passes although the clock was set back.
        clocked.report(&reporting, json!({"progress": 50})).await;
        let ended = clocked.document_at(&reporting, 4).await;
        assert_eq!((&ended["status"], &ended["error"]["code"]), (&"timeout".into(), &"HEARTBEAT_TIMEOUT".into()));
        // That one has passed, and no deadline of the time before.
        for job in [&execution, &heartbeat, &stalled, &paused, &completed] {
            assert_eq!(clocked.document(job).await["seq"], 1);
        }
        let pending = clocked.document(&retried).await;
        assert_eq!((&pending["seq"], &pending["control"]["request"]), (&2.into(), &"cancel".into()));

        let mut clocked = clocked.set_clock(40 * DAY);
        let codes = [
            (&execution, 2, "EXECUTION_TIMEOUT"),
            (&heartbeat, 2, "HEARTBEAT_TIMEOUT"),
            (&retried, 3, "EXECUTION_TIMEOUT"),
        ];
        for (job, seq, code) in codes {
            let ended = clocked.document_at(job, seq).await;
            assert_eq!((&ended["status"], &ended["error"]["code"]), (&"timeout".into(), &code.into()));
            assert!(ended["control"].is_null(), "{ended}");
            assert_eq!(millis(&ended["expiresAt"]) - millis(&ended["timedOutAt"]), 30 * DAY * 1_000);
        }
        let marked = clocked.document_at(&stalled, 2).await;
        assert_eq!((&marked["status"], &marked["stalledSince"]), (&"running".into(), &marked["createdAt"]));
        for job in [&completed, &reporting, &paused] {
            clocked.deleted(job).await;
        }

        // Nothing passes a second time, neither later nor when the clock is right again.
        for seconds in [41 * DAY, 0] {
            clocked = clocked.set_clock(seconds);
            for (job, seq, _) in codes {
                assert_eq!(clocked.document(job).await["seq"], seq);
            }
            assert_eq!(clocked.document(&stalled).await, marked);
        }
        let again =
            clocked.ask("POST", &format!("/v2/jobs/{retried}/retry"), &Value::Null).await.success().unwrap().json();
        assert_eq!((&again["status"], &again["attempt"], &again["seq"]), (&"queued".into(), &2.into(), &4.into()));
    });
}

#[test]
fn a_job_is_deleted_when_its_retention_has_passed_and_not_before() {
    let clocked = Clocked::start("retention");
    run(async {
        let ten_minutes = |status: &str| json!({"status": status, "retentionSeconds": 600});
        let job = clocked.create(ten_minutes("running")).await;
        // A job that is deleted earlier is the witness that alarms have fired by then.
        let witness = clocked.create(ten_minutes("completed")).await;
        let clocked = clocked.set_clock(200);
        clocked.report(&job, json!({"status": "completed"})).await;
        let ended = clocked.document(&job).await;
        assert_eq!(millis(&ended["expiresAt"]) - millis(&ended["completedAt"]), 600_000);
        let clocked = clocked.set_clock(600);
        clocked.deleted(&witness).await;
        assert_eq!(clocked.document(&job).await, ended);
        let clocked = clocked.set_clock(800);
        clocked.deleted(&job).await;
        let late = clocked.ask("POST", &format!("/v2/jobs/{job}/reports"), &json!({})).await;
        assert_eq!((late.head.status, &late.json()["error"]), (404, &"JOB_NOT_FOUND".into()));
    });
}
