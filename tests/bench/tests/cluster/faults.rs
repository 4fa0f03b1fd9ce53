//! Instances that die, that hang, and that lose their bucket.

use std::time::{Duration, Instant};

use bench::{
    http::{Connection, Request},
    stream::{Item, Stream},
};
use job_progress::Client;
use serde_json::{Value, json};

use crate::{DIVISOR, Fixture, run};

/// The list of all jobs.
const LIST: &str = "/v2/jobs";

/// How long a takeover may take on a busy machine. The lease of an instance is 20 seconds if it is not divided.
const TAKEOVER_LIMIT: Duration = Duration::from_secs(90);

#[test]
fn while_a_job_is_taken_over_callers_are_asked_to_retry_and_a_producer_continues() {
    run(async {
        let mut fixture = Fixture::start("cluster-lease", 1).await;
        let job = fixture.job.clone();
        let created = fixture.report(0, &json!({"current": 1})).await.success().unwrap().json();
        let token = created["token"].as_str().unwrap();
        let client = Client::new(&format!("http://127.0.0.1:{}", fixture.port(2)), &fixture.key.text).unwrap();
        let producer = client.producer(&job).interval(Duration::from_millis(100)).start();
        producer.update(2, 100);
        producer.flush(TAKEOVER_LIMIT).unwrap();
        assert_eq!(fixture.cluster.reports().await.unwrap(), [2, 0, 0]);

        fixture.cluster.instances[0].crash().unwrap();
        let producing = std::thread::spawn(move || {
            for current in 3..=100 {
                producer.update(current, 100);
            }
            producer.complete();
            producer.flush(TAKEOVER_LIMIT)
        });
        let began = Instant::now();
        let reading = async {
            let answer = fixture.ask(1, "GET", &format!("/v2/jobs/{job}/status"), b"").await;
            assert_eq!((answer.head.status, &answer.json()["error"]), (503, &json!("OVERLOADED")), "{answer:?}");
        };
        let reporting = async {
            let refused = fixture.report(1, &json!({"producer": "another", "order": 1})).await;
            assert_eq!((refused.head.status, &refused.json()["error"]), (503, &json!("OVERLOADED")), "{refused:?}");
            assert!(refused.head.header("retry-after").is_some());
        };
        // A native `EventSource` would give up at a 503.
        let streaming = async {
            let request = Request::anonymous("GET", &format!("/v2/jobs/{job}/status/stream?token={token}"), &[], b"");
            let answer = Connection::open(fixture.port(1)).await.unwrap().ask(&request).await.unwrap();
            assert_eq!((answer.head.status, answer.text.contains("retry: ")), (200, true), "{answer:?}");
            assert!(!answer.text.contains("data:"), "{answer:?}");
        };
        tokio::join!(reading, reporting, streaming);

        let mut document = json!(null);
        while document["status"] != "completed" {
            assert!(began.elapsed() < TAKEOVER_LIMIT, "{document}");
            let answer = fixture.ask(1, "GET", &format!("/v2/jobs/{job}/status?wait=10"), b"").await;
            assert!([200, 503].contains(&answer.head.status), "{answer:?}");
            document = answer.json();
        }
        assert_eq!(document["current"], 100);
        producing.join().unwrap().unwrap();
    });
}

#[test]
fn viewers_of_a_job_whose_instance_hangs_are_sent_to_the_instance_that_takes_it_over() {
    run(async {
        let mut fixture = Fixture::start("cluster-hang", DIVISOR).await;
        fixture.report(0, &json!({"current": 1})).await.success().unwrap();
        let mut stream = Stream::open(fixture.port(1), &fixture.key.text, &fixture.job, None).await.unwrap();
        assert_eq!(first_seq(&mut stream).await, 1);
        // Connections to it stay open, and nothing answers.
        fixture.cluster.instances[0].freeze().unwrap();
        let began = Instant::now();
        until_end(&mut stream).await;
        let path = format!("/v2/jobs/{}/reports", fixture.job);
        let report = Request::new("POST", &path, &fixture.key.text, &[], b"{\"current\": 2, \"order\": 1}");
        loop {
            let mut connection = Connection::open(fixture.port(2)).await.unwrap();
            // A request that had gone to the instance when it froze stays without an answer.
            let answer = tokio::time::timeout(Duration::from_secs(5), connection.ask(&report)).await;
            if answer.is_ok_and(|answer| answer.unwrap().head.status == 200) {
                break;
            }
            assert!(began.elapsed() < TAKEOVER_LIMIT, "the job is not taken over");
        }
        let mut stream = Stream::open(fixture.port(1), &fixture.key.text, &fixture.job, None).await.unwrap();
        assert_eq!(first_seq(&mut stream).await, 2);
        // The instance that comes back has lost its lease, and ends.
        fixture.cluster.instances[0].thaw().unwrap();
        while fixture.cluster.instances[0].has_ended().unwrap().is_none() {
            assert!(began.elapsed() < TAKEOVER_LIMIT, "the instance continues");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let status = fixture.ask(2, "GET", &format!("/v2/jobs/{}/status", fixture.job), b"").await.json();
        assert_eq!((&status["current"], &status["seq"]), (&json!(2), &json!(2)));
    });
}

#[test]
fn viewers_of_a_list_whose_instance_hangs_are_sent_to_the_instance_that_takes_its_shard_over() {
    run(async {
        let fixture = Fixture::start("cluster-hang-list", DIVISOR).await;
        // The instance that first asks for an object owns it: this one the shard of the list, and another one the job.
        fixture.ask(1, "GET", LIST, b"").await.success().unwrap();
        let mut stream = fixture.list(2).await;
        assert_eq!(next_of_list(&mut stream, "page").await["jobs"], json!([]));
        fixture.report(2, &json!({"current": 1})).await.success().unwrap();
        assert_eq!(next_of_list(&mut stream, "job").await["jobId"], *fixture.job);
        assert_eq!(fixture.cluster.reports().await.unwrap(), [0, 0, 1]);
        let metrics = fixture.ask(1, "GET", "/metrics", b"").await.text;
        assert!(!metrics.contains("job_progress_rows_written_total{object=\"index\"} 0\n"), "{metrics}");
        // Connections to it stay open, and nothing answers.
        fixture.cluster.instances[1].freeze().unwrap();
        let began = Instant::now();
        let asking = async {
            loop {
                let answer = fixture.ask(2, "GET", LIST, b"").await;
                if answer.head.status == 200 {
                    return assert_eq!(answer.json()["jobs"][0]["jobId"], *fixture.job);
                }
                assert_eq!((answer.head.status, &answer.json()["error"]), (503, &json!("OVERLOADED")), "{answer:?}");
                assert!(answer.text.contains("The list"), "{answer:?}");
                assert!(began.elapsed() < TAKEOVER_LIMIT, "the shard is not taken over");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::join!(until_end(&mut stream), asking);
        let mut stream = fixture.list(2).await;
        assert_eq!(next_of_list(&mut stream, "page").await["jobs"][0]["jobId"], *fixture.job);
    });
}

#[test]
fn without_its_bucket_an_instance_acknowledges_nothing_and_ends() {
    run(async {
        let mut fixture = Fixture::start("cluster-bucket", DIVISOR).await;
        fixture.report(0, &json!({"current": 1})).await.success().unwrap();
        fixture.bucket.freeze().unwrap();
        let began = Instant::now();
        let path = format!("/v2/jobs/{}/reports", fixture.job);
        let report = Request::new("POST", &path, &fixture.key.text, &[], b"{\"current\": 2}");
        // The report is never answered with a success; the connection breaks when the instance ends.
        let answer = Connection::open(fixture.port(0)).await.unwrap().ask(&report).await;
        assert!(answer.as_ref().map_or(true, |answer| answer.head.status >= 500), "{answer:?}");
        for instance in &mut fixture.cluster.instances {
            let status = loop {
                if let Some(status) = instance.has_ended().unwrap() {
                    break status;
                }
                assert!(began.elapsed() < TAKEOVER_LIMIT, "an instance continues without the bucket");
                tokio::time::sleep(Duration::from_millis(10)).await;
            };
            assert!(!status.success());
        }
    });
}

impl Fixture {
    /// Opens the stream of the list through an instance.
    async fn list(&self, instance: usize) -> Stream {
        Stream::at(self.connection(instance).await, &self.key.text, "/v2/jobs/stream", None).await.unwrap()
    }
}

/// Reads a stream until the server ends it.
async fn until_end(stream: &mut Stream) {
    let ended = async { while stream.read(|_| {}).await.unwrap() {} };
    tokio::time::timeout(TAKEOVER_LIMIT, ended).await.expect("the stream ends");
}

/// The data of the next frame of a list with this name.
async fn next_of_list(stream: &mut Stream, name: &str) -> Value {
    let mut found = None;
    while found.is_none() {
        let is_open = stream.read(|item| {
            if let Item::Other(event, data) = item
                && event == name
            {
                found = Some(data);
            }
        });
        assert!(is_open.await.unwrap() || found.is_some(), "the stream ended");
    }
    serde_json::from_str(&found.unwrap_or_default()).unwrap()
}

/// The `seq` of the first document of a stream.
async fn first_seq(stream: &mut Stream) -> u64 {
    let mut items = Vec::new();
    loop {
        assert!(stream.read(|item| items.push(item)).await.unwrap(), "the stream ended: {items:?}");
        if let Some(Item::Document(seq, _)) = items.iter().find(|item| matches!(item, Item::Document(..))) {
            return *seq;
        }
    }
}
