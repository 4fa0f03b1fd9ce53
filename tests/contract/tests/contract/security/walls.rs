//! Projects are walls: the same id in two projects is two jobs, whatever is done to one of them.

use contract::{
    http::Request,
    stream::{FRAME_TIMEOUT, Stream},
    target::{Target, fresh_job, fresh_name},
    token::{claims, sign, signing_secret, with},
};
use serde_json::{Value, json};
use std::time::Instant;

use super::operations::{OPERATIONS, Operation};

/// One of two projects: a key of it, and how to sign its tokens.
struct Side {
    project: String,
    key: String,
    mark: String,
}

impl Side {
    fn both() -> [Side; 2] {
        let target = Target::get();
        [(&*target.project, &target.key), ("other", &target.other_key)].map(|(project, key)| Side {
            project: project.to_owned(),
            key: key.clone(),
            mark: format!("only-{project}-{}", fresh_name()),
        })
    }

    fn token(&self, job: &str) -> String {
        let claims = with(claims(&self.project, job), "perm", Some(json!(["jobs:read", "jobs:write"])));
        sign(&claims, &signing_secret(&Target::get().token_secret, &self.project))
    }

    /// Makes the job on this side; its message and its log bear the mark of the side.
    fn make(&self, job: &str) {
        let report = json!({"message": self.mark, "logs": [self.mark], "attributes": {"mark": self.mark}});
        let path = match job.split_once(':') {
            None => format!("/v2/jobs/{job}/reports?create=true"),
            Some((application, request)) => format!("/applications/{application}/requests/{request}/progress"),
        };
        Request::post(path, &report).bearer(&self.key).send().expect(201);
    }

    fn document(&self, job: &str) -> Value {
        Request::get(format!("/v2/jobs/{job}/status?include=logs")).bearer(&self.key).send().json()
    }
}

fn play(operation: &Operation) {
    let sides = Side::both();
    for ([here, there], by_token) in [([&sides[0], &sides[1]], false), ([&sides[1], &sides[0]], true)] {
        let job = operation.job(&fresh_job());
        here.make(&job);
        there.make(&job);
        let before = there.document(&job);
        assert_eq!(before["message"], there.mark);
        let credential = if by_token { here.token(&job) } else { here.key.clone() };
        let answer = operation.send(&operation.call(&job).bearer(&credential));
        let answers = format!("{:?} {}", answer.headers, answer.text);
        assert!(!answers.contains(&there.mark), "{} tells of the other side: {answer}", operation.name);
        assert_eq!(there.document(&job), before, "{} changed the other side", operation.name);
    }
}

#[test]
fn no_operation_reaches_through_the_wall() {
    for operation in OPERATIONS {
        play(operation);
    }
}

#[test]
fn a_report_on_one_side_is_not_seen_on_the_other() {
    let [here, there] = Side::both();
    let job = fresh_job();
    here.make(&job);
    there.make(&job);
    let watch = |side: &Side| Stream::expect(&Request::get(format!("/v2/jobs/{job}/status/stream")).bearer(&side.key));
    let (mut ours, mut theirs) = (watch(&here), watch(&there));
    ours.until(|document| document["message"] == here.mark);
    theirs.until(|document| document["message"] == there.mark);
    let end = json!({"status": "completed"});
    Request::post(format!("/v2/jobs/{job}/reports"), &end).bearer(&here.key).send().expect(200);
    assert_eq!(ours.until(|document| document["status"] == "completed")["message"], here.mark);
    // The other side's next frame is its own next report, and no end.
    let next = json!({"progress": 7});
    Request::post(format!("/v2/jobs/{job}/reports"), &next).bearer(&there.key).send().expect(200);
    let frame = theirs.frame(Instant::now() + FRAME_TIMEOUT).unwrap().unwrap();
    assert_eq!((frame.event.as_deref(), &frame.json()["progress"]), (None, &json!(7)));
    assert_eq!(there.document(&job)["status"], "running");
}

#[test]
fn a_job_deleted_on_one_side_lives_on_the_other() {
    let [here, there] = Side::both();
    let job = fresh_job();
    here.make(&job);
    there.make(&job);
    let before = there.document(&job);
    Request::new("DELETE", format!("/v2/jobs/{job}")).bearer(&here.key).send().expect(204);
    assert_eq!(here.document(&job)["error"], "JOB_NOT_FOUND");
    assert_eq!(there.document(&job), before);
}
