//! The list of a project's jobs: it lags, so these tests wait for what it will show.

use std::{
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{
    http::Request,
    stream::{FRAME_TIMEOUT, Frame, Stream},
    target::{Target, fresh_name},
    token::{base64url, claims, sign, signing_secret, with},
};
use serde_json::{Value, json};

/// The longest time until the index shows a change: two repeated calls.
const LAG: Duration = Duration::from_secs(10);

/// The jobs of one test, which its tag selects.
struct Jobs {
    name: String,
}

impl Jobs {
    fn new() -> Jobs {
        Jobs { name: fresh_name() }
    }

    fn id(&self, job: &str) -> String {
        format!("{}-{job}", self.name)
    }

    fn create(&self, job: &str, mut fields: Value) {
        fields["jobId"] = self.id(job).into();
        if fields["tags"].is_null() {
            fields["tags"] = json!({"test": self.name});
        }
        Request::post("/v2/jobs", &fields).send().expect(201);
    }

    fn report(&self, job: &str, report: Value) {
        Request::post(format!("/v2/jobs/{}/reports", self.id(job)), &report).send().expect(200);
    }

    /// The path of a list of these jobs.
    fn path(&self, query: &str) -> String {
        format!("/v2/jobs?tags.test={}&{query}", self.name)
    }

    fn list(&self, query: &str) -> Value {
        Request::get(self.path(query)).send().expect(200)
    }

    /// The ids of a list without the name of the test.
    fn names(&self, list: &Value) -> Vec<String> {
        let id = |row: &Value| row["jobId"].as_str().unwrap().replace(&format!("{}-", self.name), "");
        list["jobs"].as_array().unwrap().iter().map(id).collect()
    }

    /// Waits until the list is this one.
    fn wait_for(&self, query: &str, expected: &[&str]) {
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

    fn token(&self) -> String {
        let target = Target::get();
        let claims = with(claims(&target.project, "any"), "jobs", None);
        let claims = with(claims, "tags", Some(json!({"test": self.name})));
        sign(&claims, &signing_secret(&target.token_secret, &target.project))
    }
}

fn next_frame(stream: &mut Stream) -> Frame {
    stream.frame(Instant::now() + FRAME_TIMEOUT).unwrap().expect("a frame")
}

/// The next frame with this event.
fn event(stream: &mut Stream, name: &str) -> Value {
    loop {
        let frame = next_frame(stream);
        if frame.event.as_deref() == Some(name) {
            return frame.json();
        }
    }
}

#[test]
fn a_job_is_listed_after_its_creation_and_not_after_its_deletion() {
    let jobs = Jobs::new();
    jobs.create("a", json!({"kind": "import", "endpointId": "e", "priority": "high", "parentId": "p", "progress": 5, "message": "Reading"}));
    jobs.wait_for("", &["a"]);
    let row = &jobs.list("")["jobs"][0];
    for (name, value) in [
        ("status", json!("running")),
        ("kind", json!("import")),
        ("endpointId", json!("e")),
        ("priority", json!("high")),
        ("parentId", json!("p")),
        ("progress", json!(5)),
        ("message", json!("Reading")),
        ("attempt", json!(1)),
    ] {
        assert_eq!(row[name], value, "{name} of {row:#}");
    }
    let document = Request::get(format!("/v2/jobs/{}/status", jobs.id("a"))).send().expect(200);
    for name in ["epoch", "createdAt", "startedAt", "tags"] {
        assert_eq!(row[name], document[name], "{name}");
    }
    Request::new("DELETE", format!("/v2/jobs/{}", jobs.id("a"))).send().expect(204);
    jobs.wait_for("", &[]);
}

#[test]
fn a_row_changes_with_the_status_the_tags_the_attempt_and_the_job_in_the_place_of_another() {
    let jobs = Jobs::new();
    jobs.create("a", json!({}));
    jobs.wait_for("status=queued", &["a"]);
    jobs.report("a", json!({"status": "failed", "error": "No space left"}));
    jobs.wait_for("status=queued", &[]);
    jobs.wait_for("status=failed,timeout", &["a"]);
    assert!(jobs.list("")["jobs"][0]["endedAt"].is_string());
    Request::new("POST", format!("/v2/jobs/{}/retry", jobs.id("a"))).send().expect(200);
    jobs.wait_for("status=queued", &["a"]);
    assert_eq!(jobs.list("")["jobs"][0]["attempt"], 2);
    jobs.report("a", json!({"tags": {"test": jobs.name, "plan": 7}}));
    jobs.wait_for("tags.plan=7", &["a"]);
    jobs.report("a", json!({"status": "completed", "kind": "export"}));
    jobs.wait_for("kind=export&status=completed", &["a"]);
    let epoch = jobs.list("")["jobs"][0]["epoch"].clone();
    jobs.create("a", json!({"replace": "ended", "kind": "anew"}));
    jobs.wait_for("kind=anew", &["a"]);
    jobs.wait_for("", &["a"]);
    assert_ne!(jobs.list("")["jobs"][0]["epoch"], epoch);
    jobs.report("a", json!({"tags": {}}));
    jobs.wait_for("", &[]);
}

#[test]
fn a_job_that_is_created_again_after_its_deletion_has_one_row() {
    let jobs = Jobs::new();
    for kind in ["first", "second", "third"] {
        jobs.create("a", json!({"kind": kind}));
        if kind != "third" {
            Request::new("DELETE", format!("/v2/jobs/{}", jobs.id("a"))).send().expect(204);
        }
    }
    jobs.wait_for("kind=third", &["a"]);
    jobs.wait_for("", &["a"]);
}

#[test]
fn pages_have_every_job_once_in_both_orders_whatever_is_created_meanwhile() {
    let jobs = Jobs::new();
    let ids: Vec<String> = (0..7).map(|number| format!("j{number}")).collect();
    for id in &ids {
        jobs.create(id, json!({}));
    }
    let oldest_first: Vec<&str> = ids.iter().map(String::as_str).collect();
    let newest_first: Vec<&str> = oldest_first.iter().rev().copied().collect();
    jobs.wait_for("order=asc", &oldest_first);
    jobs.wait_for("order=desc", &newest_first);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = jobs.list(&format!("limit=3&cursor={cursor}"));
        seen.extend(jobs.names(&page));
        // A job that is newer than the cursor is on no later page.
        jobs.create(&format!("new{}", seen.len()), json!({}));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, newest_first);
}

#[test]
fn a_cursor_shows_nothing_of_a_job_and_no_other_text_is_one() {
    let jobs = Jobs::new();
    for job in ["a", "b"] {
        jobs.create(job, json!({}));
    }
    jobs.wait_for("", &["b", "a"]);
    let page = jobs.list("limit=1");
    let cursor = page["nextCursor"].as_str().unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains(&jobs.name), "{cursor}");
    assert_eq!(jobs.names(&jobs.list(&format!("limit=1&cursor={cursor}"))), ["a"]);
    let plain = base64url(format!("1800000000000.{}", jobs.id("b")));
    let other = cursor.chars().rev().collect::<String>();
    for text in [plain, other] {
        let problem = Request::get(jobs.path(&format!("cursor={text}"))).send().expect(400);
        assert_eq!(problem["details"]["field"], "cursor", "{text}");
    }
    // A cursor of this project is none of another one.
    let of_other = Request::get(jobs.path(&format!("cursor={cursor}"))).bearer(&Target::get().other_key);
    assert_eq!(of_other.send().expect(400)["details"]["field"], "cursor");
}

#[test]
fn a_summary_counts_the_states_and_the_kinds_and_how_long_they_took() {
    let jobs = Jobs::new();
    for number in 0..3 {
        jobs.create(&number.to_string(), json!({"kind": "a", "status": "running"}));
        jobs.report(&number.to_string(), json!({"status": "completed"}));
    }
    jobs.create("b", json!({}));
    let deadline = Instant::now() + LAG;
    let summary = loop {
        let summary = Request::get(format!("/v2/jobs/summary?tags.test={}", jobs.name)).send().expect(200);
        if summary["byStatus"]["completed"] == 3 && summary["total"] == 4 {
            break summary;
        }
        assert!(Instant::now() < deadline, "{summary:#}");
    };
    assert_eq!(summary["byStatus"]["queued"], 1);
    assert_eq!((&summary["kinds"][0]["kind"], &summary["kinds"][0]["count"]), (&json!("a"), &json!(3)));
    assert_eq!(summary["kinds"][0]["executionTime"]["count"], 3);
    assert_eq!(summary["kinds"][1], json!({"count": 1}));
}

#[test]
fn a_stream_begins_with_the_page_and_sends_each_change_and_each_removal() {
    let jobs = Jobs::new();
    jobs.create("a", json!({}));
    jobs.wait_for("", &["a"]);
    let mut stream = Stream::expect(
        &Request::get(format!("/v2/jobs/stream?tags.test={}&token={}", jobs.name, jobs.token())).anonymous(),
    );
    assert!(stream.header("content-type").unwrap().starts_with("text/event-stream"));
    let first = next_frame(&mut stream);
    assert_eq!((first.event.as_deref(), first.id.as_deref()), (Some("page"), None));
    assert_eq!(jobs.names(&first.json()), ["a"]);
    jobs.create("b", json!({"kind": "new"}));
    assert_eq!(event(&mut stream, "job")["kind"], "new");
    jobs.report("a", json!({"status": "running"}));
    assert_eq!(event(&mut stream, "job")["status"], "running");
    // Neither a job with another tag nor an ordinary report is in the stream.
    jobs.create("other", json!({"tags": {"test": "another"}}));
    jobs.report("a", json!({"progress": 7}));
    jobs.report("a", json!({"tags": {"test": "another"}}));
    let removed = next_frame(&mut stream);
    assert_eq!((removed.event.as_deref(), &removed.json()["jobId"]), (Some("removed"), &json!(jobs.id("a"))));
    Request::new("DELETE", format!("/v2/jobs/{}", jobs.id("b"))).send().expect(204);
    assert_eq!(event(&mut stream, "removed")["jobId"], jobs.id("b"));
}

#[test]
fn a_viewer_that_joins_between_two_changes_learns_that_a_job_has_left_its_list() {
    let jobs = Jobs::new();
    // A first viewer, so that changes wait for the next broadcast.
    let _first = Stream::expect(&Request::get(format!("/v2/jobs/stream?tags.test={}", jobs.name)));
    let mut seen = 0;
    for number in 0..20 {
        let job = number.to_string();
        jobs.create(&job, json!({}));
        jobs.report(&job, json!({"status": "running"}));
        let path = format!("/v2/jobs/stream?status=running&tags.test={}", jobs.name);
        let mut stream = Stream::expect(&Request::get(path));
        let page = next_frame(&mut stream).json();
        let is_listed = jobs.names(&page).contains(&job);
        jobs.report(&job, json!({"status": "completed"}));
        if is_listed {
            seen += 1;
            assert_eq!(event(&mut stream, "removed")["jobId"], jobs.id(&job), "{job}");
        }
    }
    assert!(seen > 0, "no page had a running job");
}

#[test]
fn the_filters_of_a_list_have_a_limit_together() {
    let tags: String = (0..10).map(|tag| format!("&tags.{}{tag}={}", "n".repeat(250), "x".repeat(256))).collect();
    for path in ["/v2/jobs?limit=1", "/v2/jobs/summary?kind=a", "/v2/jobs/stream?limit=1"] {
        let problem = Request::get(format!("{path}{tags}")).send().expect(400);
        assert_eq!(problem["details"]["limit"], 4096, "{path}");
    }
}

#[test]
fn a_tag_that_is_removed_closes_the_job_to_its_tokens_on_open_streams_and_waits() {
    let jobs = Jobs::new();
    jobs.create("a", json!({"status": "running"}));
    let (id, token) = (jobs.id("a"), jobs.token());
    let mut one = Stream::expect(&Request::get(format!("/v2/jobs/{id}/status/stream")).bearer(&token));
    let mut many = Stream::expect(&Request::get(format!("/v2/jobs/status/stream?jobIds={id}")).bearer(&token));
    let mut by_key = Stream::expect(&Request::get(format!("/v2/jobs/{id}/status/stream")));
    for stream in [&mut one, &mut many, &mut by_key] {
        assert_eq!(next_frame(stream).json()["jobId"], json!(id));
    }
    jobs.report("a", json!({"message": "still open"}));
    for stream in [&mut one, &mut many] {
        assert_eq!(next_frame(stream).json()["message"], "still open");
    }
    let wait = Request::get(format!("/v2/jobs/{id}/status?wait=30")).bearer(&token);
    let waiting = thread::spawn(move || wait.send());
    jobs.report("a", json!({"tags": {"test": "another"}, "message": "a secret"}));
    for stream in [&mut one, &mut many] {
        let frame = next_frame(stream);
        assert_eq!((frame.event.as_deref(), &frame.json()["error"]), (Some("problem"), &json!("JOB_NOT_FOUND")));
        assert!(!frame.data.contains("secret"));
        assert!(!stream.rest().contains("secret"));
    }
    // The waiting read ends with the change, or began after it.
    waiting.join().unwrap().expect(404);
    loop {
        if next_frame(&mut by_key).json()["message"] == "a secret" {
            break;
        }
    }
}

#[test]
fn a_job_of_a_kind_with_a_history_is_expected_to_take_as_long_as_the_others() {
    let jobs = Jobs::new();
    let kind = format!("k{}", jobs.name);
    for number in 0..5 {
        let number = number.to_string();
        jobs.create(&number, json!({"kind": kind, "status": "running"}));
        jobs.report(&number, json!({"status": "completed"}));
    }
    jobs.wait_for("status=completed", &["4", "3", "2", "1", "0"]);
    jobs.create("new", json!({"kind": kind}));
    let mut stream = Stream::expect(&Request::get(format!("/v2/jobs/{}/status/stream", jobs.id("new"))));
    loop {
        let document = next_frame(&mut stream).json();
        if document["expectedSeconds"].is_number() {
            assert_eq!((&document["status"], &document["estimatedCompletion"]), (&json!("queued"), &Value::Null));
            break;
        }
    }
    Request::new("POST", format!("/v2/jobs/{}/cancel", jobs.id("new"))).send().expect(200);
    Request::new("POST", format!("/v2/jobs/{}/retry", jobs.id("new"))).send().expect(200);
    let document = Request::get(format!("/v2/jobs/{}/status", jobs.id("new"))).send().expect(200);
    assert!(document["expectedSeconds"].is_number());
}
