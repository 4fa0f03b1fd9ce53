//! `jp status`.

use cli_tests::{
    binary::{jp, run},
    job::Job,
};
use serde_json::{Value, json};

#[test]
fn the_json_of_a_status_is_the_document() {
    let job = Job::create(&json!({"current": 45, "total": 100}));
    let ended = run(jp(&["status", &job.id, "--json"]));
    assert_eq!(ended.code, 0, "{ended:?}");
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&document["jobId"], &document["progress"]), (&json!(job.id), &json!(45)));
}
