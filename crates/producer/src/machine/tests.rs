//! The rules of a producer, with a clock of the test.

use protocol::control::ControlRequest;
use serde_json::json;

use super::*;

/// The time of every call.
fn at() -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000)
}

fn options() -> Options {
    Options {
        path: "/v2/jobs/j".to_owned(),
        create: true,
        replace: false,
        parent: None,
        interval_ms: 500,
        listens: false,
    }
}

fn machine() -> Machine {
    Machine::new(options(), Identity::random([7; 12]))
}

fn report(machine: &mut Machine, fields: Value) -> bool {
    let Value::Object(fields) = fields else { panic!("{fields}") };
    machine.report(fields, at())
}

fn accepted() -> Answer {
    let body = json!({"jobId": "j", "seq": 1, "status": "running", "attempt": 1, "accepted": true, "control": null});
    Answer { status: 200, body, ..Answer::default() }
}

fn problem(status: u16, code: &str) -> Answer {
    Answer { status, body: json!({"error": code, "message": "No.", "details": {}}), ..Answer::default() }
}

/// The items of the next request, which is due at this time.
fn sent(machine: &mut Machine, now_ms: u64) -> Vec<Value> {
    match machine.next(now_ms) {
        Next::Send(request) => serde_json::from_str(&request.body.unwrap()).unwrap(),
        next => panic!("{next:?}"),
    }
}

fn orders(items: &[Value]) -> Vec<u64> {
    items.iter().filter_map(|item| item["order"].as_u64()).collect()
}

fn warnings(machine: &mut Machine) -> usize {
    machine.take_notices().iter().filter(|notice| matches!(notice, Notice::Warning(_))).count()
}

#[test]
fn the_first_report_is_due_at_once_and_the_next_one_after_the_interval() {
    let mut machine = machine();
    assert_eq!(machine.next(0), Next::Wait(None));
    assert!(report(&mut machine, json!({"current": 1})));
    assert_eq!(sent(&mut machine, 1_000).len(), 1);
    assert!(report(&mut machine, json!({"current": 2})));
    assert!(!report(&mut machine, json!({"current": 3})), "the driver need not look again");
    assert_eq!(machine.next(1_100), Next::Wait(None), "one request at a time");
    machine.on_answer(Some(accepted()), 1_200, 0.5);
    assert_eq!(machine.next(1_200), Next::Wait(Some(1_500)));
    assert_eq!(sent(&mut machine, 1_500)[0]["current"], 3);
}

#[test]
fn a_change_of_the_status_waits_for_no_interval_and_a_flush_for_none_either() {
    let mut machine = machine();
    report(&mut machine, json!({"current": 1}));
    sent(&mut machine, 0);
    machine.on_answer(Some(accepted()), 10, 0.5);
    report(&mut machine, json!({"status": "paused"}));
    sent(&mut machine, 10);
    machine.on_answer(Some(accepted()), 20, 0.5);
    report(&mut machine, json!({"current": 2}));
    assert_eq!(machine.next(20), Next::Wait(Some(510)));
    machine.begin_flush(20);
    sent(&mut machine, 20);
}

#[test]
fn a_failure_is_followed_by_longer_and_longer_waits_and_a_success_by_none() {
    let mut machine = machine();
    report(&mut machine, json!({"current": 1}));
    let mut now = 0;
    for wait in [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000] {
        sent(&mut machine, now);
        machine.on_answer(None, now, 0.0);
        assert_eq!(machine.next(now), Next::Wait(Some(now + wait)));
        now += wait;
    }
    sent(&mut machine, now);
    machine.on_answer(Some(accepted()), now, 0.0);
    report(&mut machine, json!({"status": "paused"}));
    sent(&mut machine, now);
}

#[test]
fn retry_after_holds_also_during_a_flush_and_the_back_off_does_not() {
    let mut machine = machine();
    report(&mut machine, json!({"current": 1}));
    for _ in 0..6 {
        machine.retry_after_until_ms = 0;
        machine.backoff_until_ms = 0;
        sent(&mut machine, 0);
        machine.on_answer(None, 0, 1.0);
    }
    assert_eq!(machine.next(0), Next::Wait(Some(16_000)));
    machine.begin_flush(0);
    assert_eq!(machine.next(0), Next::Wait(Some(1_000)));
    sent(&mut machine, 1_000);
    let busy = Answer { status: 503, retry_after: Some(7), ..Answer::default() };
    machine.on_answer(Some(busy), 1_000, 1.0);
    assert_eq!(machine.next(1_000), Next::Wait(Some(8_000)));
    let forever = Answer { status: 503, retry_after: Some(u64::MAX), ..Answer::default() };
    sent(&mut machine, 8_000);
    machine.on_answer(Some(forever), 8_000, 1.0);
    assert_eq!(machine.next(8_000), Next::Wait(Some(608_000)), "at most 600 s");
}

#[test]
fn what_was_sent_is_sent_again_as_it_was_with_its_numbers() {
    let mut machine = machine();
    report(&mut machine, json!({"status": "running", "current": 1}));
    let first = sent(&mut machine, 0);
    report(&mut machine, json!({"status": "running", "current": 2}));
    machine.on_answer(None, 0, 0.0);
    let second = sent(&mut machine, 250);
    assert_eq!((&second[0], orders(&second)), (&first[0], vec![1, 2]));
    machine.on_answer(Some(accepted()), 250, 0.0);
    report(&mut machine, json!({"status": "completed"}));
    let third = sent(&mut machine, 250);
    assert_eq!((orders(&third), &third[0]["attempt"]), (vec![3], &json!(1)));
}

#[test]
fn one_warning_is_given_for_each_outage_and_for_each_code_of_a_problem() {
    let mut machine = machine();
    report(&mut machine, json!({"current": 1}));
    for (outage, start) in [100_000, 200_000].into_iter().enumerate() {
        for now in [start, start + 5_000, start + 10_000, start + 20_000] {
            machine.backoff_until_ms = 0;
            sent(&mut machine, now);
            machine.on_answer(None, now, 0.0);
        }
        assert_eq!(warnings(&mut machine), 1, "{outage}");
        machine.backoff_until_ms = 0;
        sent(&mut machine, start + 30_000);
        machine.on_answer(Some(accepted()), start + 30_000, 0.0);
        report(&mut machine, json!({"status": "running"}));
    }
    for code in ["INVALID_REQUEST", "INVALID_REQUEST", "PAYLOAD_TOO_LARGE"] {
        report(&mut machine, json!({"status": "paused"}));
        sent(&mut machine, 900_000);
        machine.on_answer(Some(problem(400, code)), 900_000, 0.0);
    }
    assert_eq!((warnings(&mut machine), machine.problem().unwrap().code.as_str()), (2, "PAYLOAD_TOO_LARGE"));
}

#[test]
fn heartbeats_are_sent_in_silence_only_and_null_ends_them() {
    let mut machine = machine();
    report(&mut machine, json!({"status": "running", "heartbeatTimeoutSeconds": 30}));
    sent(&mut machine, 0);
    machine.on_answer(Some(accepted()), 100, 0.5);
    assert_eq!(machine.next(100), Next::Wait(Some(10_000)));
    let heartbeat = sent(&mut machine, 10_000);
    assert_eq!((heartbeat[0].as_object().unwrap().len(), orders(&heartbeat)), (3, vec![2]));
    machine.on_answer(Some(accepted()), 10_100, 0.5);
    report(&mut machine, json!({"heartbeatTimeoutSeconds": null}));
    sent(&mut machine, 10_600);
    machine.on_answer(Some(accepted()), 10_700, 0.5);
    assert_eq!(machine.next(10_700), Next::Wait(None));
}

#[test]
fn nothing_is_sent_after_the_end_and_calls_are_ignored() {
    let mut machine = machine();
    report(&mut machine, json!({"status": "completed"}));
    assert!(!report(&mut machine, json!({"current": 1})));
    assert!(!machine.log("late".to_owned(), None, at()));
    assert_eq!(sent(&mut machine, 0).len(), 1);
    assert!(!machine.is_delivered());
    machine.on_answer(Some(accepted()), 0, 0.5);
    assert!(machine.is_delivered());
    assert_eq!((machine.next(0), machine.phase()), (Next::End, Phase::Ended));
}

/// A response to reports that were refused, each for one of these reasons.
fn refused(reasons: &[&str]) -> Answer {
    let results: Vec<Value> =
        reasons.iter().map(|reason| json!({"seq": 7, "accepted": false, "reason": reason})).collect();
    let body =
        json!({"jobId": "j", "seq": 7, "status": "completed", "attempt": 1, "control": null, "results": results});
    Answer { status: 200, body, ..Answer::default() }
}

#[test]
fn a_job_that_had_ended_before_the_first_report_is_one_warning_and_no_problem() {
    let mut machine = machine();
    report(&mut machine, json!({"current": 1}));
    sent(&mut machine, 0);
    machine.on_answer(Some(refused(&["finished"])), 0, 0.5);
    let warning = Notice::Warning("the job has ended already, so nothing is reported".to_owned());
    assert_eq!(machine.take_notices(), [warning]);
    assert_eq!((machine.phase(), machine.status()), (Phase::Ended, Some(Status::Completed)));
    assert_eq!(machine.problem(), None);
    assert!(!report(&mut machine, json!({"current": 2})));
    assert_eq!(warnings(&mut machine), 0);
}

#[test]
fn a_job_that_ends_after_a_report_was_accepted_is_no_warning() {
    let mut machine = machine();
    report(&mut machine, json!({"current": 1}));
    sent(&mut machine, 0);
    machine.on_answer(Some(accepted()), 0, 0.5);
    report(&mut machine, json!({"current": 2}));
    sent(&mut machine, 1_000);
    machine.on_answer(Some(refused(&["finished"])), 1_000, 0.5);
    assert_eq!((machine.phase(), warnings(&mut machine)), (Phase::Ended, 0));

    // The response to the first report was lost.
    let mut machine = self::machine();
    report(&mut machine, json!({"current": 1}));
    sent(&mut machine, 0);
    machine.on_answer(None, 0, 0.5);
    report(&mut machine, json!({"current": 2}));
    sent(&mut machine, 1_000);
    machine.on_answer(Some(refused(&["stale", "finished"])), 1_000, 0.5);
    assert_eq!((machine.phase(), warnings(&mut machine)), (Phase::Ended, 0));
}

#[test]
fn a_foreign_answer_of_any_status_is_no_refusal() {
    for status in [200, 204, 301, 400, 403, 404, 409] {
        let mut machine = machine();
        report(&mut machine, json!({"current": 1}));
        sent(&mut machine, 0);
        machine.on_answer(Some(Answer { status, body: json!("<html>"), ..Answer::default() }), 0, 0.0);
        assert_eq!((machine.phase(), machine.next(0)), (Phase::Open, Next::Wait(Some(250))), "{status}");
    }
}

#[test]
fn a_refused_index_that_does_not_exist_drops_the_list_and_not_the_producer() {
    let mut machine = machine();
    report(&mut machine, json!({"current": 1}));
    sent(&mut machine, 0);
    let mut answer = problem(400, "INVALID_REQUEST");
    answer.body["details"]["index"] = json!(7);
    machine.on_answer(Some(answer), 0, 0.0);
    assert_eq!((machine.phase(), machine.is_delivered()), (Phase::Open, true));
}

#[test]
fn the_producer_waits_for_requests_only_if_the_application_listens_and_the_job_exists() {
    let mut machine = machine();
    assert_eq!(machine.next_wait(0), Next::Wait(None));
    machine.listen();
    assert_eq!(machine.next_wait(0), Next::Wait(None));
    report(&mut machine, json!({"status": "running"}));
    sent(&mut machine, 0);
    machine.on_answer(Some(accepted()), 100, 0.5);
    assert_eq!(machine.next_wait(100), Next::Wait(Some(5_000)));
    let Next::Send(request) = machine.next_wait(5_000) else { panic!("no request") };
    assert_eq!((request.path.as_str(), request.body), ("/v2/jobs/j/control?wait=30", None));
    assert_eq!(machine.next_wait(5_000), Next::Wait(None), "one at a time");
    machine.on_wait_answer(None, 6_000, 0.0);
    assert_eq!(machine.next_wait(6_000), Next::Wait(Some(6_250)));
}

#[test]
fn a_wait_that_finds_the_job_ended_elsewhere_ends_the_producer() {
    let mut machine = machine();
    machine.listen();
    report(&mut machine, json!({"status": "running"}));
    sent(&mut machine, 0);
    machine.on_answer(Some(accepted()), 0, 0.5);
    assert!(matches!(machine.next_wait(5_000), Next::Send(_)));
    let body = json!({"jobId": "j", "seq": 2, "status": "cancelled", "attempt": 1, "control": null});
    machine.on_wait_answer(Some(Answer { status: 200, body, ..Answer::default() }), 5_000, 0.5);
    assert_eq!((machine.phase(), machine.status()), (Phase::Ended, Some(Status::Cancelled)));
    assert!(!report(&mut machine, json!({"current": 1})));
}

#[test]
fn an_answer_that_was_already_seen_keeps_the_pending_request() {
    let mut machine = machine();
    machine.listen();
    report(&mut machine, json!({"status": "running"}));
    sent(&mut machine, 0);
    let mut answer = accepted();
    answer.body["control"] = json!({"request": "cancel", "at": "2026-01-01T00:00:00Z"});
    machine.on_answer(Some(answer), 0, 0.5);
    assert!(matches!(machine.next_wait(5_000), Next::Send(_)));
    machine.on_wait_answer(Some(Answer { status: 304, ..Answer::default() }), 6_000, 0.5);
    assert!(machine.requests().is_pending(ControlRequest::Cancel));
    assert_eq!(machine.take_notices().len(), 1);
}
