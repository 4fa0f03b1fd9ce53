//! The rows that a report writes.

use serde_json::json;

use crate::{Fixture, report, run};

#[test]
fn a_report_writes_one_row_and_so_does_a_list_of_them() {
    let fixture = Fixture::new("rows");
    let mut producer = fixture.producer();
    run(async {
        // The first report creates the tables and sets the alarm.
        report(&mut producer, json!({"current": 0, "total": 1_000})).await;
        for number in 1..=20 {
            let answer = report(&mut producer, json!({"current": number, "message": "on"})).await;
            assert_eq!(answer.head.header("job-rows-written"), Some("1"), "{answer:?}");
        }
        let many: Vec<_> = (21..=520).map(|number| json!({"current": number})).collect();
        let answer = report(&mut producer, json!(many)).await;
        assert_eq!(answer.head.header("job-rows-written"), Some("1"), "{:?}", answer.head);
        // The log lines of one report share one row of their own.
        let logs: Vec<_> = (0..100).map(|number| format!("line {number}")).collect();
        let answer = report(&mut producer, json!({"current": 521, "logs": logs})).await;
        assert_eq!(answer.head.header("job-rows-written"), Some("2"), "{:?}", answer.head);
    });
}
