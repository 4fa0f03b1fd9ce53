//! The jobs of one test, and what it waits for.

use std::{
    thread,
    time::{Duration, Instant},
};

use contract::{
    http::Request,
    stream::{FRAME_TIMEOUT, Frame, Stream},
    target::{Target, fresh_name},
    token::{claims, sign, signing_secret, with},
};
use serde_json::{Value, json};

/// The longest time until the index shows a change: a call that times out after 15 s, and two repeated ones.
pub(super) const LAG: Duration = Duration::from_secs(60);

/// The jobs of one test, which its tag selects.
pub(super) struct Jobs {
    pub(super) name: String,
}

impl Jobs {
    pub(super) fn new() -> Jobs {
        Jobs { name: fresh_name() }
    }

    pub(super) fn id(&self, job: &str) -> String {
        format!("{}-{job}", self.name)
    }

    pub(super) fn create(&self, job: &str, mut fields: Value) {
        fields["jobId"] = self.id(job).into();
        if fields["tags"].is_null() {
            fields["tags"] = json!({"test": self.name});
        }
        Request::post("/v2/jobs", &fields).send().expect(201);
    }

    pub(super) fn report(&self, job: &str, report: Value) {
        Request::post(format!("/v2/jobs/{}/reports", self.id(job)), &report).send().expect(200);
    }

    /// The path of a list of these jobs.
    pub(super) fn path(&self, query: &str) -> String {
        format!("/v2/jobs?tags.test={}&{query}", self.name)
    }

    pub(super) fn list(&self, query: &str) -> Value {
        Request::get(self.path(query)).send().expect(200)
    }

    /// The ids of a list without the name of the test.
    pub(super) fn names(&self, list: &Value) -> Vec<String> {
        let id = |row: &Value| row["jobId"].as_str().unwrap().replace(&format!("{}-", self.name), "");
        list["jobs"].as_array().unwrap().iter().map(id).collect()
    }

    /// Waits until the list is this one.
    pub(super) fn wait_for(&self, query: &str, expected: &[&str]) {
        let deadline = Instant::now() + LAG;
        loop {
            let list = self.list(query);
            if self.names(&list) == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{query}: {expected:?} expected, the list is {list:#}");
            thread::yield_now();
        }
    }

    pub(super) fn token(&self) -> String {
        self.token_that(&["jobs:read"])
    }

    /// A token by the tag of these jobs with these permissions.
    pub(super) fn token_that(&self, permissions: &[&str]) -> String {
        let target = Target::get();
        let claims = with(claims(&target.project, "any"), "jobs", None);
        let claims = with(claims, "tags", Some(json!({"test": self.name})));
        let claims = with(claims, "perm", Some(json!(permissions)));
        sign(&claims, &signing_secret(&target.token_secret, &target.project))
    }
}

pub(super) fn next_frame(stream: &mut Stream) -> Frame {
    stream.frame(Instant::now() + FRAME_TIMEOUT).unwrap().expect("a frame")
}

/// The next frame with this event.
pub(super) fn event(stream: &mut Stream, name: &str) -> Value {
    loop {
        let frame = next_frame(stream);
        if frame.event.as_deref() == Some(name) {
            return frame.json();
        }
    }
}
