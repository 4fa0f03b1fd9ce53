//! Invariants of a job under reports in any order, with any duplicates, from any number of producers.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

use std::collections::VecDeque;

use engine::{
    accept::{Acceptance, Outcome, ReportOutcome, accept, create},
    job::Job,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use protocol::{
    Report, Status, Timestamp,
    answer::Reason,
    json,
    limits::{DOCUMENT_BYTES, ERROR_BYTES, MESSAGE_BYTES, NAME_BYTES, PRODUCER_BYTES, PRODUCERS, PRODUCERS_BYTES},
    problem::Code,
    report::{self, Reports},
    sse,
};
use serde_json::{Value, json};

const STATUSES: [&str; 8] =
    ["queued", "initializing", "running", "paused", "completed", "failed", "cancelled", "timeout"];

fn at(second: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + second * 1_000)
}

fn new() -> Job {
    Job::new("import-42".to_owned(), "k3v9a0".to_owned(), at(0))
}

/// Parses a body from bytes, as the edge does.
fn body(value: &Value) -> Reports {
    json::parse(&serde_json::to_vec(value).unwrap()).and_then(report::from_body).unwrap()
}

fn apply(job: &Job, report: &Value, now: Timestamp) -> Acceptance {
    accept(job.clone(), body(report), now)
}

fn only(acceptance: &Acceptance) -> &Outcome {
    assert_eq!(acceptance.outcomes.len(), 1);
    &acceptance.outcomes[0].outcome
}

prop_compose! {
    /// A report of one of three producers.
    fn any_report()(
        status in option::weighted(0.3, select(STATUSES.to_vec())),
        counts in option::of((0.0..200.0, 0.0..100.0)),
        increment in option::weighted(0.3, 0_u64..10),
        attempt in option::weighted(0.2, 0_u64..3),
        order in option::weighted(0.8, 0_u64..8),
        producer in select(vec!["", "a", "b"]),
        lines in vec("[a-z]{1,5}", 0..3),
    ) -> Value {
        let mut report = json!({"producer": producer, "logs": lines});
        let mut put = |name: &str, value: Option<Value>| if let Some(value) = value { report[name] = value };
        put("status", status.map(Value::from));
        put("current", counts.map(|(current, _): (f64, f64)| current.into()));
        put("total", counts.map(|(_, total): (f64, f64)| total.into()));
        put("increment", increment.filter(|_| counts.is_none()).map(Value::from));
        put("attempt", attempt.map(Value::from));
        put("order", order.map(Value::from));
        report
    }
}

/// Reports as a bad network delivers them: in any order, some of them more than once.
fn any_delivery() -> impl Strategy<Value = Vec<Value>> {
    vec(any_report(), 1..12)
        .prop_flat_map(|reports| {
            let again = vec(select(reports.clone()), 0..12);
            (Just(reports), again)
        })
        .prop_flat_map(|(mut reports, again)| {
            reports.extend(again);
            Just(reports).prop_shuffle()
        })
}

proptest! {
    #[test]
    fn only_accepted_reports_change_the_job_and_each_raises_seq_by_one(delivery in any_delivery()) {
        let mut job = new();
        for (second, report) in (1..).zip(&delivery) {
            let acceptance = apply(&job, report, at(second));
            let outcome = only(&acceptance);
            prop_assert_eq!(acceptance.changed, *outcome == Outcome::Accepted);
            if acceptance.changed {
                prop_assert_eq!(acceptance.job.document.seq, job.document.seq + 1);
                prop_assert_eq!(acceptance.lines.len(), report["logs"].as_array().map_or(0, Vec::len));
            } else {
                prop_assert_eq!(&acceptance.job, &job);
                prop_assert!(acceptance.lines.is_empty());
            }
            prop_assert_eq!(acceptance.outcomes[0].seq, acceptance.job.document.seq);
            job = acceptance.job;
        }
    }

    #[test]
    fn a_terminal_job_stays_as_it_is(delivery in any_delivery()) {
        let mut job = new();
        for (second, report) in (1..).zip(&delivery) {
            let acceptance = apply(&job, report, at(second));
            if job.document.status.is_terminal() {
                prop_assert_eq!(&acceptance.job, &job);
                prop_assert!(matches!(only(&acceptance), Outcome::Ignored(_)));
            }
            job = acceptance.job;
        }
    }

    #[test]
    fn a_repeated_report_with_an_order_changes_nothing(delivery in any_delivery()) {
        let mut job = new();
        for (second, report) in (1..).zip(&delivery) {
            job = apply(&job, report, at(second)).job;
            let again = apply(&job, report, at(second + 1));
            let is_ordered = report.get("order").is_some();
            prop_assert!(!is_ordered || *only(&again) != Outcome::Accepted, "accepted twice: {report}");
        }
    }

    #[test]
    fn log_lines_are_numbered_without_gaps(delivery in any_delivery()) {
        let mut job = new();
        let mut numbers = Vec::new();
        for (second, report) in (1..).zip(&delivery) {
            let acceptance = apply(&job, report, at(second));
            numbers.extend(acceptance.lines.iter().map(|line| line.number));
            job = acceptance.job;
        }
        prop_assert!(numbers.iter().copied().eq(1..=job.record.last_line));
    }

    #[test]
    fn a_list_has_the_same_effect_as_its_reports_one_by_one(delivery in any_delivery()) {
        let list = apply(&new(), &Value::from(delivery.clone()), at(1));
        let mut job = new();
        for (report, ReportOutcome { seq, outcome, .. }) in delivery.iter().zip(&list.outcomes) {
            let one = apply(&job, report, at(1));
            prop_assert_eq!((one.job.document.seq, only(&one)), (*seq, outcome));
            job = one.job;
        }
        prop_assert_eq!(job, list.job);
    }

    #[test]
    fn increments_of_many_producers_each_sent_twice_add_up_exactly(
        increments in vec(vec(0_u64..1_000, 1..6), 1..20),
        turns in vec(any::<prop::sample::Index>(), 0..200),
    ) {
        // Each producer sends every report twice and waits for the answer in between. The producers take turns at
        // random.
        let mut queues: Vec<VecDeque<Value>> = increments
            .iter()
            .enumerate()
            .map(|(producer, increments)| {
                let report = |(order, increment): (u64, &u64)| {
                    let report = json!({"producer": format!("p{producer}"), "order": order, "increment": increment});
                    [report.clone(), report]
                };
                (0_u64..).zip(increments).flat_map(report).collect()
            })
            .collect();
        let mut turns = turns.into_iter();
        let mut job = new();
        while queues.iter().any(|queue| !queue.is_empty()) {
            queues.retain(|queue| !queue.is_empty());
            let next = turns.next().map_or(0, |turn| turn.index(queues.len()));
            let report = queues[next].pop_front().unwrap();
            job = apply(&job, &report, at(1)).job;
        }
        let sum: u64 = increments.iter().flatten().sum();
        let reports: usize = increments.iter().map(Vec::len).sum();
        prop_assert_eq!(job.document.current.unwrap().get(), sum as f64);
        prop_assert_eq!(job.document.seq, 1 + reports as u64);
    }

    #[test]
    fn a_job_created_by_reports_has_seq_1_after_the_first(delivery in any_delivery()) {
        let reports = body(&Value::from(delivery));
        if let Ok(created) = create(new(), reports, at(0)) {
            prop_assert_eq!(&created.outcomes[0], &ReportOutcome { seq: 1, outcome: Outcome::Accepted, truncated: Vec::new() });
            let accepted = created.outcomes.iter().filter(|report| report.outcome == Outcome::Accepted).count();
            prop_assert_eq!(created.job.document.seq, accepted as u64);
        }
    }
}

#[test]
fn an_old_order_is_stale_even_after_the_end_and_a_new_one_is_finished() {
    let report = |order: u64| json!({"status": "completed", "order": order});
    let job = apply(&new(), &report(5), at(1)).job;
    assert_eq!(only(&apply(&job, &report(5), at(2))), &Outcome::Ignored(Reason::Stale));
    assert_eq!(only(&apply(&job, &report(4), at(2))), &Outcome::Ignored(Reason::Stale));
    assert_eq!(only(&apply(&job, &report(6), at(2))), &Outcome::Ignored(Reason::Finished));
    assert_eq!(only(&apply(&job, &json!({"attempt": 2}), at(2))), &Outcome::Ignored(Reason::Stale));
}

#[test]
fn a_refused_report_does_not_use_up_its_order() {
    let job = apply(&new(), &json!({"status": "running", "order": 1}), at(1)).job;
    let refused = apply(&job, &json!({"status": "queued", "order": 2}), at(2));
    assert!(matches!(only(&refused), Outcome::Refused(problem) if problem.code() == Code::InvalidTransition));
    assert_eq!(only(&apply(&refused.job, &json!({"current": 1, "order": 2}), at(3))), &Outcome::Accepted);
}

#[test]
fn producers_are_accepted_at_the_limit_and_refused_one_past_it() {
    let named = |name: usize| json!({"producer": format!("p{name}"), "order": 0, "increment": 1});
    let mut job = new();
    for name in 0..PRODUCERS {
        let accepted = apply(&job, &named(name), at(1));
        assert_eq!(only(&accepted), &Outcome::Accepted);
        job = accepted.job;
    }
    let one_more = apply(&job, &named(PRODUCERS), at(2));
    assert!(matches!(only(&one_more), Outcome::Refused(problem) if problem.details()["field"] == "producer"));
    assert_eq!(one_more.job, job);
    let known = json!({"producer": "p0", "order": 1, "increment": 1});
    assert_eq!(only(&apply(&job, &known, at(2))), &Outcome::Accepted, "a known producer is still accepted");
    let unordered = json!({"producer": "unknown", "increment": 1});
    assert_eq!(
        only(&apply(&job, &unordered, at(2))),
        &Outcome::Accepted,
        "the name of a producer without `order` is not stored"
    );
}

#[test]
fn long_names_of_producers_are_accepted_up_to_a_bound_of_bytes() {
    // A control character is six bytes of JSON.
    let named = |name: usize| {
        let name = format!("{name:03}{}", "\u{1}".repeat(PRODUCER_BYTES - 3));
        json!({"producer": name, "order": 0})
    };
    let bytes_of_one = (PRODUCER_BYTES - 3) * 6 + 3 + 2;
    let fit = PRODUCERS_BYTES / bytes_of_one;
    let mut job = new();
    for name in 0..fit {
        let accepted = apply(&job, &named(name), at(1));
        assert_eq!(only(&accepted), &Outcome::Accepted);
        job = accepted.job;
    }
    let refused = apply(&job, &named(fit), at(2));
    assert!(matches!(only(&refused), Outcome::Refused(problem) if problem.details()["limit"] == PRODUCERS_BYTES));
    assert_eq!(refused.job, job);
    assert!(serde_json::to_vec(&job.record).unwrap().len() < 2 * PRODUCERS_BYTES);
    assert_eq!(
        only(&apply(&job, &json!({"producer": "a", "order": 1}), at(2))),
        &Outcome::Accepted,
        "a short name fits"
    );
}

/// A job whose free-form fields have `bytes` bytes as JSON.
fn filled(bytes: usize) -> Job {
    let rest = bytes - json!({"metadata": {"a": ""}, "tags": {"a": ""}}).to_string().len() - 59_900 + 1;
    let report = json!({"metadata": {"a": "x".repeat(59_900)}, "tags": {"a": "x".repeat(rest)}});
    let job = apply(&new(), &json!({"status": "running", "current": 1, "total": 10}), at(1)).job;
    let acceptance = apply(&job, &report, at(2));
    assert_eq!(only(&acceptance), &Outcome::Accepted);
    acceptance.job
}

#[test]
fn free_form_fields_are_accepted_at_the_limit_and_refused_one_byte_past_it() {
    let full = filled(DOCUMENT_BYTES);
    assert_eq!(Report::default().free_form_bytes_after(&full.document), DOCUMENT_BYTES);
    let tag = full.document.tags.as_ref().unwrap()["a"].as_str().unwrap();
    for past in [json!({"tags": {"a": format!("{tag}x")}}), json!({"output": ""}), json!({"steps": []})] {
        let refused = apply(&full, &past, at(3));
        let Outcome::Refused(problem) = only(&refused) else { panic!("{:?}", only(&refused)) };
        assert_eq!((problem.code(), &problem.details()["field"]), (Code::PayloadTooLarge, &json!("document")));
        assert_eq!(problem.details()["limit"], DOCUMENT_BYTES);
        assert_eq!(refused.job, full);
    }
    let smaller =
        json!([{"tags": {"a": "x".repeat(tag.len() - 1)}, "status": "running"}, {"tags": null, "output": tag}]);
    let acceptance = accept(full, body(&smaller), at(3));
    assert!(acceptance.outcomes.iter().all(|report| report.outcome == Outcome::Accepted));
}

#[test]
fn a_job_whose_document_is_full_can_progress_and_end() {
    let longest = "\u{1}".repeat(MESSAGE_BYTES);
    let details = json!({ "trace": "x".repeat(ERROR_BYTES - 100) });
    let longest_error = json!({"code": "\u{1}".repeat(NAME_BYTES), "message": longest, "details": details});
    for bytes in (0..=200).map(|below| DOCUMENT_BYTES - below) {
        let full = filled(bytes);
        for report in [
            json!({"current": 1_000_000_000_000_000_u64, "total": 1e300, "message": longest}),
            json!({"progress": 33.333_333_333_333_336, "currentStep": "a", "unit": "files", "waiting": {"reason": longest}}),
            json!({"status": "completed", "message": longest}),
            json!({"status": "failed", "message": longest, "error": longest_error, "retryable": true}),
            json!({"status": "failed", "error": "y".repeat(60_000)}),
            json!({"status": "cancelled", "current": 7.25}),
            json!({"status": "timeout", "message": longest, "error": {"code": "E", "message": longest}}),
            json!({"status": "paused"}),
        ] {
            assert_eq!(only(&apply(&full, &report, at(3))), &Outcome::Accepted, "{bytes} bytes");
        }
    }
}

#[test]
fn the_largest_document_is_far_below_what_readers_accept() {
    let longest = |bytes: usize| "\u{1}".repeat(bytes);
    let name = longest(NAME_BYTES);
    let report = json!({
        "status": "failed", "unit": name, "currentStep": name, "endpointId": name, "kind": name, "priority": name,
        "throughput": {"rate": 1, "unit": name}, "message": longest(MESSAGE_BYTES),
        "waiting": {"reason": longest(MESSAGE_BYTES)},
        "error": {"code": name, "message": longest(MESSAGE_BYTES), "details": "x".repeat(ERROR_BYTES - 2)},
    });
    let acceptance = apply(&filled(DOCUMENT_BYTES), &report, at(3));
    assert_eq!(only(&acceptance), &Outcome::Accepted);
    let bytes = serde_json::to_string(&acceptance.job.document).unwrap().len();
    assert!(bytes < sse::LINE_BYTES / 2, "{bytes} bytes");
}

#[test]
fn a_late_report_of_the_former_attempt_is_stale() {
    let mut job = new();
    job.document.attempt = 2;
    assert_eq!(only(&apply(&job, &json!({"attempt": 1, "current": 1}), at(1))), &Outcome::Ignored(Reason::Stale));
    let accepted = apply(&job, &json!({"attempt": 2, "current": 1}), at(1));
    assert_eq!((only(&accepted), accepted.job.document.status), (&Outcome::Accepted, Status::Running));
}

#[test]
fn the_answer_to_a_list_has_the_outcome_of_each_report() {
    let sent =
        json!([{"status": "running", "order": 1}, {"order": 1}, {"status": "queued"}, {"status": "completed"}, {}]);
    let reports = body(&sent);
    let acceptance = accept(new(), reports, at(1));
    let answer = serde_json::to_value(acceptance.answer().unwrap()).unwrap();
    assert_eq!(
        (&answer["accepted"], &answer["seq"], &answer["status"]),
        (&json!(false), &json!(3), &json!("completed"))
    );
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results[0], json!({"seq": 2, "accepted": true}));
    assert_eq!(results[1], json!({"seq": 2, "accepted": false, "reason": "stale"}));
    assert_eq!((&results[2]["accepted"], &results[2]["error"]), (&json!(false), &json!("INVALID_TRANSITION")));
    assert_eq!(results[3], json!({"seq": 3, "accepted": true}));
    assert_eq!(results[4], json!({"seq": 3, "accepted": false, "reason": "finished"}));
}

#[test]
fn an_empty_report_is_a_change() {
    let accepted = accept(new(), Reports::One(Box::default()), at(1));
    assert_eq!(
        (only(&accepted), accepted.job.document.seq, accepted.job.document.progress),
        (&Outcome::Accepted, 2, None)
    );
}

#[test]
fn times_never_go_back_when_the_clock_does() {
    let begun = create(new(), body(&json!({"current": 1, "total": 100})), at(7_200)).unwrap().job;
    let job = apply(&begun, &json!({"current": 2, "message": "restarted", "logs": ["one"]}), at(3_600));
    assert_eq!(job.job.document.updated_at, at(7_200));
    assert_eq!(job.lines[0].at, at(7_200));
    let ended = apply(&job.job, &json!({"status": "completed"}), at(3_610)).job.document;
    assert_eq!((ended.updated_at, ended.completed_at), (at(7_200), Some(at(7_200))));
    assert_eq!(ended.execution_time.map(protocol::number::Number::get), Some(0.0));
    let caught_up = apply(&job.job, &json!({"status": "completed"}), at(7_300)).job.document;
    assert_eq!(caught_up.completed_at, Some(at(7_300)));
}

#[test]
fn a_restart_with_the_clock_an_hour_back_keeps_the_rate_and_the_remaining_time() {
    let mut job = create(new(), body(&json!({"current": 0, "total": 1_000})), at(10_000)).unwrap().job;
    for second in 1..=50_u64 {
        job = apply(&job, &json!({"current": second * 4}), at(10_000 + second)).job;
    }
    for second in 51..=60_u64 {
        job = apply(&job, &json!({"current": second * 4}), at(10_000 + second - 3_600)).job;
        let document = &job.document;
        assert_eq!(document.throughput.as_ref().map(|throughput| throughput.rate.get()), Some(4.0), "{second}");
        let remaining = document.estimated_completion.unwrap().seconds_since(document.updated_at);
        let expected = (1_000 - second * 4) as f64 / 4.0;
        assert!((remaining - expected).abs() <= 1.0, "{second}: {remaining} {expected}");
    }
}
