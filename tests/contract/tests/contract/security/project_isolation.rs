//! Isolation of projects: the same job id in two projects is two jobs, and no operation on one reaches the other.

use contract::{
    http::Request,
    stream::{FRAME_TIMEOUT, Stream},
    target::{Target, fresh_job, fresh_name},
    token::{claims, sign, signing_secret, with},
};
use serde_json::{Value, json};
use std::time::Instant;

use super::operations::{OPERATIONS, Operation};

/// One of two projects, with a key and a text that only its jobs contain.
struct Project {
    name: String,
    key: String,
    mark: String,
}

impl Project {
    fn both() -> [Project; 2] {
        let target = Target::get();
        [(&*target.project, &target.key), ("other", &target.other_key)].map(|(name, key)| Project {
            name: name.to_owned(),
            key: key.clone(),
            mark: format!("only-{name}-{}", fresh_name()),
        })
    }

    fn token(&self, job: &str) -> String {
        let claims = with(claims(&self.name, job), "perm", Some(json!(["jobs:read", "jobs:write"])));
        sign(&claims, &signing_secret(&Target::get().token_secret, &self.name))
    }

    /// Creates the job in this project; its message, log and attributes contain the mark of the project.
    fn create(&self, job: &str) {
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

fn check(operation: &Operation) {
    let projects = Project::both();
    for ([here, there], by_token) in [([&projects[0], &projects[1]], false), ([&projects[1], &projects[0]], true)] {
        let job = operation.job_id(&fresh_job());
        here.create(&job);
        there.create(&job);
        let before = there.document(&job);
        assert_eq!(before["message"], there.mark);
        let credential = if by_token { here.token(&job) } else { here.key.clone() };
        let answer = operation.send(&operation.request(&job).bearer(&credential));
        let answers = format!("{:?} {}", answer.headers, answer.text);
        assert!(!answers.contains(&there.mark), "{} reveals the other project: {answer}", operation.name);
        assert_eq!(there.document(&job), before, "{} changed the other project", operation.name);
    }
}

#[test]
fn no_operation_reaches_a_job_of_another_project() {
    for operation in OPERATIONS {
        check(operation);
    }
}

#[test]
fn a_report_in_one_project_is_not_seen_in_the_other() {
    let [here, there] = Project::both();
    let job = fresh_job();
    here.create(&job);
    there.create(&job);
    let watch =
        |project: &Project| Stream::expect(&Request::get(format!("/v2/jobs/{job}/status/stream")).bearer(&project.key));
    let (mut ours, mut theirs) = (watch(&here), watch(&there));
    ours.until(|document| document["message"] == here.mark);
    theirs.until(|document| document["message"] == there.mark);
    let end = json!({"status": "completed"});
    Request::post(format!("/v2/jobs/{job}/reports"), &end).bearer(&here.key).send().expect(200);
    assert_eq!(ours.until(|document| document["status"] == "completed")["message"], here.mark);
    // The next frame in the other project is its own next report, not the end.
    let next = json!({"progress": 7});
    Request::post(format!("/v2/jobs/{job}/reports"), &next).bearer(&there.key).send().expect(200);
    let frame = theirs.frame(Instant::now() + FRAME_TIMEOUT).unwrap().unwrap();
    assert_eq!((frame.event.as_deref(), &frame.json()["progress"]), (None, &json!(7)));
    assert_eq!(there.document(&job)["status"], "running");
}

#[test]
fn a_job_deleted_in_one_project_stays_in_the_other() {
    let [here, there] = Project::both();
    let job = fresh_job();
    here.create(&job);
    there.create(&job);
    let before = there.document(&job);
    Request::new("DELETE", format!("/v2/jobs/{job}")).bearer(&here.key).send().expect(204);
    assert_eq!(here.document(&job)["error"], "JOB_NOT_FOUND");
    assert_eq!(there.document(&job), before);
}
