//! The log: lines that are repeated, skipped, or of a recreated job.

use protocol::include::Include;
use serde_json::json;

use super::{
    frames::{document, frame},
    world::World,
};

const LOGS: u8 = 1;

fn lines(from: u64, to: u64) -> String {
    let lines: Vec<_> = (from..=to).map(|number| json!({"number": number, "message": "x"})).collect();
    format!("event: log\ndata: {}\n\n", json!({"jobId": "j", "lines": lines}))
}

fn live_with_logs() -> World {
    let mut world = World::empty();
    world.join_with(1, "j", Some("secret"), Include::from_bits(LOGS));
    world.wait_for_timer();
    world.and_live()
}

#[test]
fn a_line_is_emitted_once_and_before_the_document_that_covers_it() {
    let mut world = live_with_logs();
    world.send(&lines(1, 2));
    assert!(world.reader().lines.is_empty());
    world.send(&frame(1, "running"));
    assert_eq!(world.reader().lines, [1, 2]);
    world.send(&lines(3, 3));
    world.close();
    world.wait_for_request();
    world.stream();
    world.send(&(lines(1, 4) + &frame(3, "running")));
    assert_eq!(
        (world.reader().lines.as_slice(), world.reader().seen.as_slice()),
        ([1, 2, 3, 4].as_slice(), [1, 3].as_slice())
    );
    assert!(world.reader().skipped.is_empty());
}

#[test]
fn skipped_lines_are_reported() {
    let mut world = live_with_logs();
    world.send("event: log\ndata: {\"jobId\":\"j\",\"lines\":[],\"skippedFrom\":1,\"skippedTo\":20}\n\n");
    world.send(&(lines(21, 22) + &frame(30, "running")));
    assert_eq!(
        (world.reader().lines.as_slice(), world.reader().skipped.as_slice()),
        ([21, 22].as_slice(), [(1, 20)].as_slice())
    );
}

#[test]
fn the_log_of_a_recreated_job_starts_again() {
    let mut world = live_with_logs();
    world.send(&(lines(1, 3) + &frame(3, "running")));
    world.send(&(lines(1, 2) + &frame(1, "running").replace("aaaaaa", "bbbbbb")));
    assert_eq!((world.reader().lines.as_slice(), world.reader().recreated), ([1, 2, 3, 1, 2].as_slice(), 1));
}

#[test]
fn polls_bring_lines_too() {
    let mut world = live_with_logs();
    world.send(&(lines(1, 2) + &frame(3, "running")));
    world.refresh(1);
    assert_eq!(world.url(), "j/status?include=logs&wait=0&cursor=aaaaaa.3");
    let logs = r#"{"logs":[{"number":2,"message":"x"},{"number":3,"message":"y"}],"#;
    world.answer(200, &document(4, "running").replacen('{', logs, 1));
    assert_eq!(world.reader().lines, [1, 2, 3]);
}
