//! Children: what a parent shows of them, whatever happens to them, and the requests that reach them. A parent lags, so these
//! tests wait for what it will show.

use std::{
    thread,
    time::{Duration, Instant},
};

use contract::{
    http::{Answer, Request},
    stream::Stream,
    target::{Target, fresh_name},
    token::{claims, sign, signing_secret, with},
};
use serde_json::{Value, json};

/// The longest time until a parent shows a change, or a child gets a request: a call that times out after 15 s, and two repeated
/// ones.
const LAG: Duration = Duration::from_secs(60);

/// A parent and its children, whose ids begin with the same name.
struct Family {
    name: String,
    key: String,
}

impl Family {
    fn new() -> Family {
        Family { name: fresh_name(), key: Target::get().key.clone() }
    }

    fn id(&self, job: &str) -> String {
        format!("{}-{job}", self.name)
    }

    fn create_as(&self, job: &str, parent: &str, mut fields: Value) -> Answer {
        (fields["jobId"], fields["parentId"]) = (self.id(job).into(), self.id(parent).into());
        Request::post("/v2/jobs", &fields).bearer(&self.key).send()
    }

    /// Creates a child of `parent`.
    fn child(&self, job: &str, parent: &str, fields: Value) {
        self.create_as(job, parent, fields).expect(201);
    }

    fn parent(&self, job: &str, mut fields: Value) -> Value {
        fields["jobId"] = self.id(job).into();
        Request::post("/v2/jobs", &fields).bearer(&self.key).send().expect(201)
    }

    fn report(&self, job: &str, report: Value) {
        Request::post(format!("/v2/jobs/{}/reports", self.id(job)), &report).bearer(&self.key).send().expect(200);
    }

    fn post(&self, job: &str, request: &str, body: Value) -> Answer {
        Request::post(format!("/v2/jobs/{}/{request}", self.id(job)), &body).bearer(&self.key).send()
    }

    fn delete(&self, job: &str) {
        Request::new("DELETE", format!("/v2/jobs/{}", self.id(job))).bearer(&self.key).send().expect(204);
    }

    fn status(&self, job: &str) -> Value {
        Request::get(format!("/v2/jobs/{}/status", self.id(job))).bearer(&self.key).send().json()
    }

    /// Waits until the document of a job is as `is_expected` wants it.
    fn wait_for(&self, job: &str, expected: &str, is_expected: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + LAG;
        loop {
            let document = self.status(job);
            if is_expected(&document) {
                return document;
            }
            assert!(Instant::now() < deadline, "{expected} expected of {job}, which is {document:#}");
            thread::yield_now();
        }
    }

    /// Waits until the job has so many children in these states and no others, and checks their total.
    fn wait_for_children(&self, job: &str, expected: &[(&str, u64)]) -> Value {
        let document = self.wait_for(job, &format!("{expected:?}"), |document| counts(document) == expected);
        let total: u64 = expected.iter().map(|(_, count)| count).sum();
        assert_eq!(document["children"]["total"], if total == 0 { Value::Null } else { total.into() });
        document
    }

    /// A token that names these jobs.
    fn token(&self, jobs: &[&str], permissions: &[&str]) -> String {
        let target = Target::get();
        let jobs: Vec<String> = jobs.iter().map(|job| self.id(job)).collect();
        let claims = with(claims(&target.project, "any"), "jobs", Some(json!(jobs)));
        sign(&with(claims, "perm", Some(json!(permissions))), &signing_secret(&target.token_secret, &target.project))
    }
}

/// The states in which a job has children, and how many.
fn counts(document: &Value) -> Vec<(&str, u64)> {
    let states = document["children"]["byStatus"].as_object().into_iter().flatten();
    states.map(|(name, count)| (name.as_str(), count.as_u64().unwrap())).filter(|(_, count)| *count > 0).collect()
}

#[test]
fn a_parent_counts_its_children_and_has_their_progress() {
    let family = Family::new();
    let parent = family.parent("parent", json!({"status": "running"}));
    assert_eq!(parent["children"], Value::Null);
    family.child("a", "parent", json!({"progress": 50}));
    family.child("b", "parent", json!({}));
    let document = family.wait_for_children("parent", &[("queued", 1), ("running", 1)]);
    assert_eq!((&document["progress"], &document["children"]["progress"]), (&json!(25), &json!(25)));
    let states = document["children"]["byStatus"].as_object().unwrap();
    assert_eq!(states.len(), 8, "every state");
    // Progress arrives without a change of the status, and again a moment later.
    for progress in [60, 70] {
        family.report("a", json!({"progress": progress}));
        family.wait_for("parent", "the progress", |document| document["progress"] == json!(progress / 2));
    }
    family.report("b", json!({"status": "completed"}));
    let document = family.wait_for_children("parent", &[("running", 1), ("completed", 1)]);
    assert_eq!(document["progress"], json!(85));
    // A progress of its own precedes that of the children, until the producer clears it.
    family.report("parent", json!({"progress": 5}));
    family.report("a", json!({"status": "failed", "error": "No space left"}));
    let document = family.wait_for_children("parent", &[("completed", 1), ("failed", 1)]);
    assert_eq!((&document["progress"], &document["children"]["progress"]), (&json!(5), &json!(85)));
    family.report("parent", json!({"progress": null}));
    assert_eq!(family.status("parent")["progress"], json!(85));
    assert_eq!(family.status("parent")["status"], "running", "children do not end their parent");
}

#[test]
fn children_can_be_created_before_their_parent_which_does_not_exist_until_then() {
    let family = Family::new();
    family.child("a", "parent", json!({"status": "completed"}));
    family.child("b", "parent", json!({"progress": 20}));
    let unknown = |answer: Answer| assert_eq!(answer.expect(404)["error"], "JOB_NOT_FOUND");
    let path = format!("/v2/jobs/{}", family.id("parent"));
    unknown(Request::get(format!("{path}/status")).send());
    unknown(Request::get(format!("{path}/logs")).send());
    unknown(Request::get(format!("{path}/status/stream")).send());
    unknown(Request::post(format!("{path}/reports"), &json!({"progress": 1})).send());
    unknown(Request::new("DELETE", &path).send());
    // A creation without a first report that has progress, and one by a report.
    family.parent("parent", json!({}));
    let document = family.wait_for_children("parent", &[("running", 1), ("completed", 1)]);
    assert_eq!((&document["progress"], &document["status"]), (&json!(60), &json!("queued")));
    family.child("c", "other", json!({"status": "paused"}));
    let other = format!("/v2/jobs/{}/reports?create=true", family.id("other"));
    Request::post(other, &json!({"status": "running", "progress": 3})).send().expect(201);
    assert_eq!(family.wait_for_children("other", &[("paused", 1)])["progress"], json!(3));
}

#[test]
fn a_child_that_is_retried_replaced_or_deleted_is_counted_as_what_it_is() {
    let family = Family::new();
    family.parent("parent", json!({}));
    for job in ["a", "b", "c"] {
        family.child(job, "parent", json!({"status": "failed"}));
    }
    family.wait_for_children("parent", &[("failed", 3)]);
    family.post("a", "retry", json!({})).expect(200);
    family.wait_for_children("parent", &[("queued", 1), ("failed", 2)]);
    family.child("b", "parent", json!({"replace": "ended", "status": "running"}));
    family.wait_for_children("parent", &[("queued", 1), ("running", 1), ("failed", 1)]);
    family.delete("a");
    family.wait_for_children("parent", &[("running", 1), ("failed", 1)]);
    // In the place of a child there is a job with another parent, and one without any.
    family.child("c", "stepparent", json!({"replace": "ended", "status": "completed"}));
    family.wait_for_children("parent", &[("running", 1)]);
    family.parent("stepparent", json!({}));
    family.wait_for_children("stepparent", &[("completed", 1)]);
    family.parent("c", json!({"replace": "ended"}));
    family.wait_for_children("stepparent", &[]);
    family.report("b", json!({"status": "completed"}));
    family.wait_for_children("parent", &[("completed", 1)]);
    family.delete("b");
    let document = family.wait_for_children("parent", &[]);
    assert_eq!((&document["children"], &document["progress"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_parent_that_is_retried_keeps_its_children_and_one_that_is_replaced_begins_without() {
    let family = Family::new();
    family.parent("parent", json!({"progress": 80}));
    family.child("a", "parent", json!({"progress": 10}));
    family.wait_for_children("parent", &[("running", 1)]);
    family.report("parent", json!({"status": "failed"}));
    // Children are counted also after the end of their parent, whose own fields stay as they were.
    family.child("b", "parent", json!({"progress": 30}));
    let ended = family.wait_for_children("parent", &[("running", 2)]);
    assert_eq!((&ended["status"], &ended["progress"]), (&json!("failed"), &json!(80)));
    let retried = family.post("parent", "retry", json!({})).expect(200);
    assert_eq!((&retried["children"]["total"], &retried["progress"]), (&json!(2), &json!(20)));
    family.report("parent", json!({"status": "completed"}));
    family.parent("parent", json!({"replace": "ended"}));
    assert_eq!(family.status("parent")["children"], Value::Null);
    family.child("c", "parent", json!({}));
    family.wait_for_children("parent", &[("queued", 1)]);
    // The end of a child of the former job does not make it one of the new job; the end of the new child is the witness.
    family.report("a", json!({"status": "completed"}));
    family.report("c", json!({"status": "completed"}));
    family.wait_for_children("parent", &[("completed", 1)]);
}

#[test]
fn the_children_of_another_project_are_those_of_another_job() {
    let family = Family::new();
    let other = Family { name: family.name.clone(), key: Target::get().other_key.clone() };
    family.parent("parent", json!({}));
    other.child("a", "parent", json!({"status": "running"}));
    other.wait_for("parent", "no job", |document| document["error"] == "JOB_NOT_FOUND");
    other.parent("parent", json!({}));
    other.wait_for_children("parent", &[("running", 1)]);
    family.child("a", "parent", json!({}));
    family.wait_for_children("parent", &[("queued", 1)]);
    other.wait_for_children("parent", &[("running", 1)]);
}

#[test]
fn streams_show_children_as_they_come() {
    let family = Family::new();
    family.parent("parent", json!({"status": "running"}));
    let path = format!("/v2/jobs/{}/status/stream", family.id("parent"));
    let mut stream = Stream::expect(&Request::get(path));
    family.child("a", "parent", json!({"progress": 40}));
    stream.until(|document| document["children"]["total"] == 1 && document["progress"] == 40);
}

#[test]
fn a_job_is_not_its_own_ancestor_and_has_at_most_eight() {
    let family = Family::new();
    let refusal = |answer: Answer| {
        let problem = answer.expect(400);
        assert_eq!((&problem["error"], &problem["details"]["field"]), (&json!("INVALID_REQUEST"), &json!("parentId")));
        problem
    };
    family.parent("a0", json!({}));
    for number in 1..=8 {
        family.child(&format!("a{number}"), &format!("a{}", number - 1), json!({}));
    }
    assert_eq!(refusal(family.create_as("a9", "a8", json!({})))["details"]["limit"], json!(8));
    refusal(family.create_as("own", "own", json!({})));
    // The parent of `x` is created last, as a descendant of `x`.
    family.child("x", "z", json!({}));
    family.child("y", "x", json!({}));
    refusal(family.create_as("z", "y", json!({})));
    for job in ["a9", "own", "z"] {
        assert_eq!(family.status(job)["error"], "JOB_NOT_FOUND", "{job}");
    }
}

#[test]
fn a_token_has_to_name_the_parent_of_a_job_that_it_creates() {
    let family = Family::new();
    family.parent("parent", json!({}));
    let write = ["jobs:write"];
    let create = |token: String, job: &str, parent: &str| {
        let body = json!({"jobId": family.id(job), "parentId": family.id(parent), "status": "running"});
        Request::post("/v2/jobs", &body).bearer(&token).send()
    };
    for parent in ["parent", "nobody"] {
        let problem = create(family.token(&["a"], &write), "a", parent).expect(403);
        assert_eq!(
            (&problem["error"], &problem["details"]["jobId"]),
            (&json!("ACCESS_DENIED"), &json!(family.id(parent)))
        );
    }
    create(family.token(&["a", "parent"], &["jobs:read"]), "a", "parent").expect(403);
    assert_eq!(family.status("a")["error"], "JOB_NOT_FOUND");
    create(family.token(&["b", "parent"], &write), "b", "parent").expect(201);
    family.wait_for_children("parent", &[("running", 1)]);
    // A token for the parent does not open its children.
    let token = family.token(&["parent"], &["jobs:read"]);
    Request::get(format!("/v2/jobs/{}/status", family.id("b"))).bearer(&token).send().expect(403);
}

#[test]
fn a_cancellation_with_children_reaches_all_that_have_not_ended_in_each_generation() {
    let family = Family::new();
    family.parent("parent", json!({"status": "running"}));
    family.child("queued", "parent", json!({}));
    family.child("running", "parent", json!({"status": "running"}));
    family.child("ended", "parent", json!({"status": "completed"}));
    family.child("stubborn", "parent", json!({"status": "running", "controls": ["retry"]}));
    family.child("grandchild", "running", json!({"status": "running"}));
    family.child("of-ended", "ended", json!({"status": "paused"}));
    family.wait_for_children("parent", &[("queued", 1), ("running", 2), ("completed", 1)]);
    family.wait_for_children("running", &[("running", 1)]);
    let document = family.post("parent", "cancel", json!({"children": true, "reason": "the wrong file"})).expect(200);
    assert_eq!((&document["status"], &document["control"]["reason"]), (&json!("running"), &json!("the wrong file")));
    family.wait_for("queued", "cancelled", |document| document["status"] == "cancelled");
    for job in ["running", "grandchild"] {
        let document = family.wait_for(job, "a request", |document| document["control"]["request"] == "cancel");
        assert_eq!(document["control"]["reason"], "the wrong file");
    }
    family.wait_for_children("parent", &[("running", 2), ("completed", 1), ("cancelled", 1)]);
    // A child that has ended is not asked, so neither are its children; the same request again, with force, ends the others.
    assert_eq!(
        (&family.status("stubborn")["control"], &family.status("of-ended")["control"]),
        (&Value::Null, &Value::Null)
    );
    family.post("parent", "cancel", json!({"children": true, "force": true})).expect(200);
    for job in ["running", "grandchild"] {
        family.wait_for(job, "cancelled", |document| document["status"] == "cancelled");
    }
    family.wait_for_children("parent", &[("running", 1), ("completed", 1), ("cancelled", 2)]);
}

#[test]
fn a_retry_and_a_child_that_is_created_later_are_not_cancelled_by_an_earlier_request() {
    let family = Family::new();
    family.parent("parent", json!({"status": "running"}));
    family.child("retried", "parent", json!({"status": "running"}));
    family.wait_for_children("parent", &[("running", 1)]);
    family.post("parent", "cancel", json!({"children": true, "force": true, "reason": "first"})).expect(200);
    family.wait_for_children("parent", &[("cancelled", 1)]);
    family.post("retried", "retry", json!({})).expect(200);
    family.report("retried", json!({"status": "running"}));
    family.child("later", "parent", json!({"status": "running"}));
    family.wait_for_children("parent", &[("running", 2)]);
    // The next request is the witness: a parent makes its requests one after the other, and the first one would have ended them.
    family.post("parent", "cancel", json!({"children": true, "reason": "second"})).expect(200);
    for job in ["retried", "later"] {
        let document = family.wait_for(job, "a request", |document| document["control"]["reason"] == "second");
        assert_eq!(document["status"], "running", "{job}");
    }
}

#[test]
fn a_parent_that_has_ended_can_cancel_its_children_and_one_without_the_option_does_not() {
    let family = Family::new();
    family.parent("parent", json!({"status": "completed"}));
    family.child("a", "parent", json!({"status": "running"}));
    family.wait_for_children("parent", &[("running", 1)]);
    family.post("parent", "cancel", json!({})).expect(409);
    family.post("parent", "pause", json!({"children": true})).expect(400);
    assert_eq!(family.status("a")["control"], Value::Null);
    let batch = json!({"jobIds": [family.id("parent")], "request": "cancel", "children": true});
    let answer = Request::post("/v2/jobs/control/batch", &batch).send().expect(200);
    assert_eq!(answer["jobs"][0]["status"], "completed", "{answer:#}");
    family.wait_for("a", "a request", |document| document["control"]["request"] == "cancel");
}

#[test]
fn only_a_key_cancels_the_children_of_a_job() {
    let family = Family::new();
    family.parent("parent", json!({"status": "running"}));
    family.child("a", "parent", json!({"status": "running"}));
    family.wait_for_children("parent", &[("running", 1)]);
    let token = family.token(&["parent", "a"], &["jobs:control"]);
    let path = format!("/v2/jobs/{}/cancel", family.id("parent"));
    let problem = Request::post(&path, &json!({"children": true})).bearer(&token).send().expect(403);
    assert_eq!(problem["details"]["requiredPermission"], "jobs:control");
    let batch = json!({"jobIds": [family.id("parent")], "request": "cancel", "children": true});
    let answer = Request::post("/v2/jobs/control/batch", &batch).bearer(&token).send().expect(200);
    assert_eq!(answer["errors"][0]["error"], "ACCESS_DENIED", "{answer:#}");
    assert_eq!(family.status("parent")["control"], Value::Null);
    Request::post(&path, &json!({"children": false})).bearer(&token).send().expect(200);
}
