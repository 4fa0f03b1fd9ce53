//! `jp logs`.

use cli_tests::{
    binary::{jp, run},
    job::Job,
    running::Running,
};
use serde_json::{Value, json};

fn texts(from: u64, to: u64) -> Vec<String> {
    (from..=to).map(|number| format!("line {number}")).collect()
}

#[test]
fn all_lines_that_the_server_keeps_are_printed_in_order() {
    let job = Job::create(&json!({"logs": texts(1, 1_200)}));
    let ended = run(jp(&["logs", &job.id]));
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let messages: Vec<&str> = ended.out.lines().filter_map(|line| Some(line.split_once(' ')?.1)).collect();
    assert_eq!(messages, texts(1, 1_200));
    let first = run(jp(&["logs", &job.id, "--json"])).out.lines().next().map(serde_json::from_str::<Value>);
    let first = first.unwrap().unwrap();
    assert_eq!((&first["number"], &first["message"]), (&json!(1), &json!("line 1")));
}

#[test]
fn a_followed_log_begins_with_its_first_line_and_ends_with_the_job() {
    // More lines than a stream begins with.
    let job = Job::create(&json!({"logs": texts(1, 500)}));
    let mut logs = Running::start(jp(&["logs", &job.id, "--follow", "--json"]));
    let number = |line: &str| serde_json::from_str::<Value>(line).unwrap()["number"].clone();
    for expected in 1..=500 {
        assert_eq!(number(&logs.line()), json!(expected));
    }
    job.report(&json!({"logs": texts(501, 510)}));
    for expected in 501..=510 {
        assert_eq!(number(&logs.line()), json!(expected));
    }
    job.report(&json!({"status": "failed", "logs": ["the last one"]}));
    let (rest, code) = logs.rest();
    assert_eq!((rest.iter().map(|line| number(line)).collect::<Vec<_>>(), code), (vec![json!(511)], 0));
}

#[test]
fn lines_that_the_server_has_removed_are_named() {
    let job = Job::create(&json!({"status": "running"}));
    // The server keeps 10,000 lines, and some more because it removes them in blocks.
    for part in 0..14 {
        job.report(&json!({"logs": texts(part * 1_000 + 1, (part + 1) * 1_000)}));
    }
    let ended = run(jp(&["logs", &job.id, "--json"]));
    assert_eq!(ended.code, 0);
    let first: Value = serde_json::from_str(ended.out.lines().next().unwrap()).unwrap();
    let removed = first["number"].as_u64().unwrap() - 1;
    assert!(removed > 0);
    assert_eq!(ended.err, format!("jp: the server does not keep the lines 1 to {removed} any more\n"));
    let last: Value = serde_json::from_str(ended.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["number"], json!(14_000));
}
