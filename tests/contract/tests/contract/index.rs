//! The list of a project's jobs: it lags, so these tests wait for what it will show.

mod jobs;
mod streams;
mod tags;

use std::time::Instant;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{http::Request, stream::Stream, target::Target, token::base64url};
use serde_json::{Value, json};

use jobs::{Jobs, LAG, next_frame};

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
fn the_filters_of_a_list_have_a_limit_together() {
    let tags: String = (0..10).map(|tag| format!("&tags.{}{tag}={}", "n".repeat(250), "x".repeat(256))).collect();
    for path in ["/v2/jobs?limit=1", "/v2/jobs/summary?kind=a", "/v2/jobs/stream?limit=1"] {
        let problem = Request::get(format!("{path}{tags}")).send().expect(400);
        assert_eq!(problem["details"]["limit"], 4096, "{path}");
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
