//! Merging, and the bounds of requests and of what waits.

use protocol::{Document, Report, Timestamp, fold::fold};
use serde_json::{Value, json};

use super::*;
use crate::item::Line;

/// The time of every call.
fn at() -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000)
}

fn add(queue: &mut Queue, fields: Value) {
    let Value::Object(fields) = fields else { panic!("{fields}") };
    queue.add(Item::new(fields, at()));
}

fn log(queue: &mut Queue, message: String) {
    queue.add(Item { logs: vec![Line::new(message, None, at())], ..Item::default() });
}

fn identity() -> Identity {
    Identity::random([0; 12])
}

/// The items of the next request.
fn request(queue: &mut Queue, identity: &mut Identity) -> Vec<Value> {
    serde_json::from_str(&queue.request(identity)).unwrap()
}

/// All items, in as many requests as they need.
fn all(queue: &mut Queue) -> Vec<Vec<Value>> {
    let mut identity = identity();
    let mut requests = Vec::new();
    while !queue.is_empty() {
        let body = queue.request(&mut identity);
        assert!(body.len() <= REQUEST_BYTES, "{} bytes", body.len());
        requests.push(serde_json::from_str(&body).unwrap());
        queue.done();
    }
    requests
}

fn lines(requests: &[Vec<Value>]) -> Vec<String> {
    let logs = requests.iter().flatten().filter_map(|item| item["logs"].as_array()).flatten();
    logs.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_request_has_at_most_500_items_and_the_rest_follows_in_order() {
    let mut queue = Queue::default();
    for index in 0..900 {
        add(&mut queue, json!({"status": if index % 2 == 0 { "paused" } else { "running" }, "current": index}));
    }
    let requests = all(&mut queue);
    assert_eq!(requests.iter().map(Vec::len).collect::<Vec<_>>(), [500, 400]);
    let currents: Vec<u64> = requests.iter().flatten().filter_map(|item| item["current"].as_u64()).collect();
    assert!(currents.into_iter().eq(0..900));
}

#[test]
fn a_request_has_at_most_a_million_bytes() {
    let mut queue = Queue::default();
    for index in 0..40 {
        let status = if index % 2 == 0 { "paused" } else { "running" };
        add(&mut queue, json!({"status": status, "metadata": {"text": "x".repeat(60_000)}}));
    }
    assert_eq!(all(&mut queue).iter().map(Vec::len).collect::<Vec<_>>(), [16, 16, 8]);
}

#[test]
fn log_lines_that_need_several_requests_stay_in_order_and_before_the_end() {
    let mut queue = Queue::default();
    add(&mut queue, json!({"status": "running"}));
    for index in 0..250 {
        log(&mut queue, format!("{index} {}", "x".repeat(8_000)));
    }
    add(&mut queue, json!({"status": "completed", "logs": ["last"]}));
    let requests = all(&mut queue);
    let numbers: Vec<String> =
        lines(&requests).iter().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect();
    let expected: Vec<String> = (0..250).map(|index| index.to_string()).chain(["last".to_owned()]).collect();
    assert_eq!((numbers, requests.len()), (expected, 3));
    assert_eq!(requests.last().unwrap().last().unwrap()["status"], "completed");
}

#[test]
fn the_oldest_lines_are_dropped_past_2_mib_and_past_10_000() {
    let mut queue = Queue::default();
    for index in 0..300 {
        log(&mut queue, format!("{index} {}", "x".repeat(8_180)));
    }
    let kept = lines(&all(&mut queue));
    assert_eq!(kept.len(), 256);
    assert!(kept[0].starts_with("44 "));
    for index in 0..10_100 {
        log(&mut queue, index.to_string());
    }
    let kept = lines(&all(&mut queue));
    assert_eq!((kept.len(), kept[0].as_str()), (10_000, "100"));
}

#[test]
fn a_line_over_8_kib_is_cut_between_two_characters() {
    let mut queue = Queue::default();
    log(&mut queue, "é".repeat(5_000_000));
    let kept = lines(&all(&mut queue));
    assert!(kept[0].len() <= 8_192 && kept[0].ends_with("é…"), "{}", kept[0].len());
}

#[test]
fn the_oldest_items_are_dropped_past_1_000_but_never_the_end() {
    let mut queue = Queue::default();
    for index in 0..1_500 {
        add(&mut queue, json!({"status": if index % 2 == 0 { "paused" } else { "running" }, "current": index}));
    }
    add(&mut queue, json!({"status": "completed"}));
    let items: Vec<Value> = all(&mut queue).into_iter().flatten().collect();
    assert_eq!((items.len(), &items[0]["current"]), (1_000, &json!(501)));
    assert_eq!(items.last().unwrap()["status"], "completed");
}

#[test]
fn increments_are_added_up_and_follow_a_count() {
    let mut queue = Queue::default();
    for fields in [json!({"increment": 2}), json!({"increment": 3, "message": "a"})] {
        add(&mut queue, fields);
    }
    assert_eq!(all(&mut queue)[0][0]["increment"], 5);
    for fields in [json!({"increment": 2}), json!({"current": 10}), json!({"increment": 0.5})] {
        add(&mut queue, fields);
    }
    let item = &all(&mut queue)[0][0];
    assert_eq!((&item["current"], item.get("increment")), (&json!(10.5), None));
}

#[test]
fn counts_are_replaced_in_place_only_where_a_merge_would_do_the_same() {
    let mut queue = Queue::default();
    let replaced = |queue: &mut Queue| queue.replace_counts(&json!(7), &json!(9));
    assert!(!replaced(&mut queue));
    for (fields, expected) in [
        (json!({"current": 1}), false),
        (json!({"current": 1, "total": 2, "progress": 3}), false),
        (json!({"status": "completed", "current": 1, "total": 2}), false),
        (json!({"status": "running", "current": 1, "total": 2, "message": "m"}), true),
    ] {
        queue.clear();
        add(&mut queue, fields.clone());
        assert_eq!(replaced(&mut queue), expected, "{fields}");
    }
    let item = &all(&mut queue)[0][0];
    assert_eq!((&item["current"], &item["total"], &item["message"]), (&json!(7), &json!(9), &json!("m")));
}

#[test]
fn at_most_two_plain_items_wait_for_all_sequences_of_reports() {
    let calls = [
        json!({"progress": 1}),
        json!({"current": 1}),
        json!({"steps": []}),
        json!({"progress": null}),
        json!({"message": "m"}),
        json!({"total": 5}),
        json!({"progress": 7, "current": 2}),
        json!({"increment": 1}),
    ];
    let mut queue = Queue::default();
    for first in &calls {
        for second in &calls {
            for third in &calls {
                for call in [first, second, third] {
                    add(&mut queue, call.clone());
                }
                assert!(queue.waiting.len() <= 2, "{first} {second} {third}");
            }
        }
    }
}

#[test]
fn merged_reports_make_the_same_job_as_the_reports_one_by_one() {
    let calls = [
        json!({"progress": 30}),
        json!({"current": 1, "total": 4}),
        json!({"current": 2}),
        json!({"progress": 60, "unit": "x"}),
        json!({"total": 8}),
        json!({"progress": null}),
        json!({"message": "m"}),
        json!({"increment": 1}),
    ];
    let fold_all = |reports: Vec<Value>| {
        let mut document = Document::new("j".to_owned(), "aaaaaa".to_owned(), at());
        // In a job that is running, because the first work that is shown starts one that is not.
        for report in [json!({"status": "running"})].into_iter().chain(reports) {
            fold(&mut document, Report::from_json(report).unwrap(), at()).unwrap();
        }
        let mut document = serde_json::to_value(&document).unwrap();
        document.as_object_mut().unwrap().remove("seq");
        document
    };
    for choice in 0..calls.len().pow(4) {
        let chosen = (0..4_u32).map(|place| calls[choice / calls.len().pow(place) % calls.len()].clone());
        let chosen: Vec<Value> = chosen.collect();
        let mut queue = Queue::default();
        for call in &chosen {
            add(&mut queue, call.clone());
        }
        let merged = request(&mut queue, &mut identity());
        assert_eq!(fold_all(merged.clone()), fold_all(chosen.clone()), "{chosen:?} became {merged:?}");
    }
}
