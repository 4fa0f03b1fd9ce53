//! The producer library against the server.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use cli_tests::{
    job::Job,
    proxy::{Mode, Proxy},
    wait::TIMEOUT,
};
use contract::target::Target;
use job_progress::{Client, ControlRequest, DeliveryError, Report, Status};
use serde_json::json;

/// The client of the server under test.
fn client() -> Client {
    Client::new(&Target::get().base_url, &Target::get().key).unwrap()
}

#[test]
fn a_million_updates_end_in_the_true_last_state() {
    let job = Job::fresh();
    let producer = client().job(&job.id).total(1_000_000).unit("rows").start();
    for done in 1..=1_000_000 {
        producer.update(done, 1_000_000);
    }
    producer.complete_with(json!({"rows": 1_000_000}));
    producer.close().unwrap();
    let document = job.document();
    assert_eq!((&document["status"], &document["current"]), (&json!("completed"), &json!(1_000_000)));
    assert_eq!(document["output"], json!({"rows": 1_000_000}));
    assert!(document["seq"].as_u64().unwrap() < 100, "{}", document["seq"]);
}

#[test]
fn the_links_and_the_token_of_a_new_job_are_known_after_the_first_answer() {
    let job = Job::fresh();
    let producer = client().job(&job.id).start();
    let page = producer.links().unwrap().page.unwrap();
    assert!(page.ends_with(&format!("/job#{}&{}", job.id, producer.token().unwrap())), "{page}");
    assert_eq!(producer.status(), Some(Status::Running));
    producer.complete();
}

#[test]
fn a_job_that_is_dropped_without_an_end_has_failed() {
    let jobs = [Job::fresh(), Job::fresh(), Job::fresh(), Job::fresh()];
    drop(client().job(&jobs[0].id).start());
    assert_eq!(jobs[0].document()["error"]["code"], "DROPPED");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _producer = client().job(&jobs[1].id).start();
        panic!("the work is broken");
    }));
    assert!(panicked.is_err());
    let document = jobs[1].document();
    assert_eq!((&document["status"], &document["error"]["code"]), (&json!("failed"), &json!("PANIC")));
    let result = client().job(&jobs[2].id).run(|_| Err::<(), _>("the file is empty"));
    assert_eq!(result, Err("the file is empty"));
    assert_eq!(jobs[2].document()["error"]["message"], "the file is empty");
    client().job(&jobs[3].id).start().detach();
    assert_eq!(jobs[3].document()["status"], "running");
}

#[test]
fn a_worker_neither_creates_nor_ends_the_job_and_its_increments_count_once() {
    let job = Job::create(&json!({"total": 1000}));
    let proxy = Proxy::start(&Target::get().base_url);
    let client = Client::new(&proxy.base_url, &Target::get().key).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let worker = client.producer(&job.id).interval(Duration::from_millis(20)).start();
                for step in 0..250 {
                    worker.increment(1);
                    if step % 50 == 0 {
                        let _ = worker.flush(TIMEOUT);
                        proxy.cut();
                    }
                }
                worker.flush(TIMEOUT).unwrap();
                worker.close().unwrap();
            });
        }
    });
    let document = job.document();
    assert_eq!((&document["status"], &document["current"]), (&json!("running"), &json!(1000)));
}

#[test]
fn a_request_reaches_a_silent_producer_and_is_confirmed() {
    let job = Job::fresh();
    let (sender, requests) = std::sync::mpsc::channel();
    let controls = [ControlRequest::Cancel];
    let producer = client()
        .job(&job.id)
        .controls(controls)
        .on_control(move |control| sender.send(control.clone()).unwrap())
        .start();
    producer.flush(TIMEOUT).unwrap();
    job.request("cancel", &json!({"reason": "not needed"}));
    let control = requests.recv_timeout(TIMEOUT).unwrap();
    assert_eq!((control.request, control.reason.as_deref()), (ControlRequest::Cancel, Some("not needed")));
    assert!(producer.is_cancel_requested());
    drop(producer);
    assert_eq!(job.document()["status"], "cancelled");
}

#[test]
fn a_job_that_has_ended_elsewhere_ends_its_producer() {
    let job = Job::fresh();
    let producer = client().job(&job.id).start();
    producer.flush(TIMEOUT).unwrap();
    job.request("cancel", &json!({"force": true}));
    producer.update(1, 2);
    producer.flush(TIMEOUT).unwrap();
    assert_eq!((producer.has_ended(), producer.status()), (true, Some(Status::Cancelled)));
}

#[test]
fn what_the_server_refuses_is_a_problem_and_everything_else_arrives() {
    let job = Job::fresh();
    let producer = client().job(&job.id).start();
    producer.flush(TIMEOUT).unwrap();
    producer.report(Report::new().status(Status::Paused));
    producer.report(Report::new().status(Status::Running).progress(400));
    producer.report(Report::new().status(Status::Paused).message("waiting"));
    let Err(DeliveryError::Refused(problem)) = producer.flush(TIMEOUT) else { panic!("no problem") };
    assert_eq!((problem.code.as_str(), problem.details["field"].as_str()), ("INVALID_REQUEST", Some("progress")));
    assert_eq!(job.document()["message"], "waiting");
    let invalid = client().job("a/b").start();
    assert!(invalid.has_ended());
    assert!(invalid.problem().unwrap().message.starts_with("`a/b` is not a job id"));
}

#[test]
fn nothing_is_lost_while_the_server_is_away() {
    let (job, proxy) = (Job::fresh(), Proxy::start(&Target::get().base_url));
    let client = Client::new(&proxy.base_url, &Target::get().key).unwrap();
    let producer = client.job(&job.id).start();
    producer.flush(TIMEOUT).unwrap();
    proxy.set(Mode::Refuse);
    proxy.cut();
    for line in 0..500 {
        producer.log(format!("line {line}"));
        producer.update(line, 500);
    }
    producer.paused();
    producer.resumed();
    assert_eq!(producer.flush(Duration::from_millis(500)), Err(DeliveryError::TimedOut));
    proxy.set(Mode::Pass);
    producer.complete();
    producer.flush(TIMEOUT).unwrap();
    producer.close().unwrap();
    assert_eq!(job.log(), (0..500).map(|line| format!("line {line}")).collect::<Vec<_>>());
    assert_eq!(job.document()["status"], "completed");
}
