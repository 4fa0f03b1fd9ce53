//! What any instance does for any job.

use bench::{
    http::{Connection, get},
    stream::{Item, Stream},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;

use crate::{DIVISOR, Fixture, run};

#[test]
fn any_instance_answers_for_any_job_and_streams_what_others_report() {
    run(async {
        let fixture = Fixture::start("cluster-any", DIVISOR).await;
        let body = json!({"jobId": fixture.job, "current": 1}).to_string();
        let created = fixture.ask(0, "POST", "/v2/jobs", body.as_bytes()).await.success().unwrap().json();
        let mut streams = Vec::new();
        for instance in 0..3 {
            streams.push(Stream::open(fixture.port(instance), &fixture.key.text, &fixture.job, None).await.unwrap());
        }
        for current in 2..=10 {
            let answer = fixture.report(current % 3, &json!({"current": current})).await.success().unwrap().json();
            assert_eq!(answer["seq"], current);
        }
        fixture.report(1, &json!({"status": "completed"})).await.success().unwrap();
        for stream in &mut streams {
            let mut last = 0;
            let mut note = |item| {
                if let Item::Document(seq, _) = item {
                    last = seq
                }
            };
            while stream.read(&mut note).await.unwrap() {}
            assert_eq!(last, 11);
        }
        for instance in 0..3 {
            // The token that one instance has signed is valid at all.
            let path = format!("/v2/jobs/{}/status", fixture.job);
            let token = created["token"].as_str().unwrap();
            let document = get(fixture.port(instance), token, &path).await.unwrap().success().unwrap().json();
            assert_eq!((&document["status"], &document["seq"]), (&json!("completed"), &json!(11)));
        }
        // Each instance has metrics of its own: the reports are counted where the job is.
        assert_eq!(fixture.cluster.reports().await.unwrap(), [10, 0, 0]);
    });
}

#[test]
fn an_instance_that_leaves_the_cluster_says_so_to_a_load_balancer() {
    run(async {
        let fixture = Fixture::start("cluster-unready", DIVISOR).await;
        // The runtime alone, whose launcher announces no end.
        kill(Pid::from_raw(fixture.cluster.instances[0].runtime), Signal::SIGTERM).unwrap();
        let request = bench::http::Request::anonymous("GET", "/healthz", &[], b"");
        let unready = loop {
            let answer = Connection::open(fixture.port(0)).await.unwrap().ask(&request).await.unwrap();
            if answer.head.status != 200 {
                break answer;
            }
        };
        assert_eq!((unready.head.status, unready.json()), (503, json!({"status": "unready"})));
    });
}
