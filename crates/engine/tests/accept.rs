//! What must hold of a job whatever its producers do: any order, any duplicates, any number of producers.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

use std::collections::VecDeque;

use engine::{
    accept::{Acceptance, Outcome, ReportOutcome, accept, create},
    job::Job,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use protocol::{
    Status, Timestamp,
    answer::Reason,
    json,
    limits::{DOCUMENT_BYTES, PRODUCERS},
    problem::Code,
    report::{self, Reports},
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

/// Reads a body as the edge does, from bytes.
fn body(value: &Value) -> Reports {
    json::parse(&serde_json::to_vec(value).unwrap()).and_then(report::from_body).unwrap()
}

fn hear(job: &Job, report: &Value, now: Timestamp) -> Acceptance {
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

/// Reports as a bad network delivers them: in any order, and any of them again.
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
    fn whatever_comes_only_an_accepted_report_changes_the_job_and_each_by_one(delivery in any_delivery()) {
        let mut job = new();
        for (second, report) in (1..).zip(&delivery) {
            let acceptance = hear(&job, report, at(second));
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
    fn whatever_comes_terminal_stays_terminal(delivery in any_delivery()) {
        let mut job = new();
        for (second, report) in (1..).zip(&delivery) {
            let acceptance = hear(&job, report, at(second));
            if job.document.status.is_terminal() {
                prop_assert_eq!(&acceptance.job, &job);
                prop_assert!(matches!(only(&acceptance), Outcome::Ignored(_)));
            }
            job = acceptance.job;
        }
    }

    #[test]
    fn a_report_that_comes_again_changes_nothing(delivery in any_delivery()) {
        let mut job = new();
        for (second, report) in (1..).zip(&delivery) {
            job = hear(&job, report, at(second)).job;
            let again = hear(&job, report, at(second + 1));
            prop_assert!(report.get("order").is_none() || *only(&again) != Outcome::Accepted, "heard twice: {report}");
        }
    }

    #[test]
    fn log_lines_are_numbered_without_holes(delivery in any_delivery()) {
        let mut job = new();
        let mut numbers = Vec::new();
        for (second, report) in (1..).zip(&delivery) {
            let acceptance = hear(&job, report, at(second));
            numbers.extend(acceptance.lines.iter().map(|line| line.number));
            job = acceptance.job;
        }
        prop_assert!(numbers.iter().copied().eq(1..=job.record.last_line));
    }

    #[test]
    fn a_list_does_what_its_reports_do_one_by_one(delivery in any_delivery()) {
        let list = hear(&new(), &Value::from(delivery.clone()), at(1));
        let mut job = new();
        for (report, ReportOutcome { seq, outcome }) in delivery.iter().zip(&list.outcomes) {
            let one = hear(&job, report, at(1));
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
        // Each producer sends every report twice and waits for the answer in between; who comes next is anybody's guess.
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
            job = hear(&job, &report, at(1)).job;
        }
        let sum: u64 = increments.iter().flatten().sum();
        let reports: usize = increments.iter().map(Vec::len).sum();
        prop_assert_eq!(job.document.current.unwrap().get(), sum as f64);
        prop_assert_eq!(job.document.seq, 1 + reports as u64);
    }

    #[test]
    fn a_job_made_by_reports_has_seq_1_after_the_first(delivery in any_delivery()) {
        let reports = body(&Value::from(delivery));
        if let Ok(made) = create(new(), reports, at(0)) {
            prop_assert_eq!(&made.outcomes[0], &ReportOutcome { seq: 1, outcome: Outcome::Accepted });
            let accepted = made.outcomes.iter().filter(|report| report.outcome == Outcome::Accepted).count();
            prop_assert_eq!(made.job.document.seq, accepted as u64);
        }
    }
}

#[test]
fn stale_is_told_from_finished() {
    let report = |order: u64| json!({"status": "completed", "order": order});
    let job = hear(&new(), &report(5), at(1)).job;
    assert_eq!(only(&hear(&job, &report(5), at(2))), &Outcome::Ignored(Reason::Stale));
    assert_eq!(only(&hear(&job, &report(4), at(2))), &Outcome::Ignored(Reason::Stale));
    assert_eq!(only(&hear(&job, &report(6), at(2))), &Outcome::Ignored(Reason::Finished));
    assert_eq!(only(&hear(&job, &json!({"attempt": 2}), at(2))), &Outcome::Ignored(Reason::Stale));
}

#[test]
fn a_refused_report_does_not_use_up_its_order() {
    let job = hear(&new(), &json!({"status": "running", "order": 1}), at(1)).job;
    let refused = hear(&job, &json!({"status": "queued", "order": 2}), at(2));
    assert!(matches!(only(&refused), Outcome::Refused(problem) if problem.code() == Code::InvalidTransition));
    assert_eq!(only(&hear(&refused.job, &json!({"current": 1, "order": 2}), at(3))), &Outcome::Accepted);
}

#[test]
fn producers_are_taken_at_the_limit_and_refused_one_past() {
    let named = |name: usize| json!({"producer": format!("p{name}"), "order": 0, "increment": 1});
    let mut job = new();
    for name in 0..PRODUCERS {
        let heard = hear(&job, &named(name), at(1));
        assert_eq!(only(&heard), &Outcome::Accepted);
        job = heard.job;
    }
    let one_more = hear(&job, &named(PRODUCERS), at(2));
    assert!(matches!(only(&one_more), Outcome::Refused(problem) if problem.details()["field"] == "producer"));
    assert_eq!(one_more.job, job);
    let known = json!({"producer": "p0", "order": 1, "increment": 1});
    assert_eq!(only(&hear(&job, &known, at(2))), &Outcome::Accepted, "who is known is still heard");
    let unordered = json!({"producer": "stranger", "increment": 1});
    assert_eq!(only(&hear(&job, &unordered, at(2))), &Outcome::Accepted, "without `order` nothing is kept of a name");
}

#[test]
fn a_document_is_taken_at_the_limit_and_refused_one_byte_past() {
    let job = hear(&new(), &json!({"metadata": {"a": "x".repeat(60_000)}, "tags": {"a": ""}}), at(1)).job;
    let bytes = |job: &Job| serde_json::to_string(&job.document).unwrap().len();
    let room = DOCUMENT_BYTES - bytes(&hear(&job, &json!({"tags": {"a": ""}}), at(2)).job);
    let filled = |size: usize| json!({"tags": {"a": "x".repeat(size)}});
    let full = hear(&job, &filled(room), at(2));
    assert_eq!((only(&full), bytes(&full.job)), (&Outcome::Accepted, DOCUMENT_BYTES));
    let past = hear(&job, &filled(room + 1), at(2));
    let Outcome::Refused(problem) = only(&past) else { panic!("{:?}", only(&past)) };
    assert_eq!((problem.code(), &problem.details()["field"]), (Code::PayloadTooLarge, &json!("document")));
    assert_eq!(problem.details()["limit"], DOCUMENT_BYTES);
    assert_eq!(past.job, job);
}

#[test]
fn a_late_report_of_the_former_attempt_is_stale() {
    let mut job = new();
    job.document.attempt = 2;
    assert_eq!(only(&hear(&job, &json!({"attempt": 1, "current": 1}), at(1))), &Outcome::Ignored(Reason::Stale));
    let heard = hear(&job, &json!({"attempt": 2, "current": 1}), at(1));
    assert_eq!((only(&heard), heard.job.document.status), (&Outcome::Accepted, Status::Running));
}

#[test]
fn the_answer_to_a_list_tells_of_each_report() {
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
fn a_default_report_says_nothing_and_is_still_a_change() {
    let heard = accept(new(), Reports::One(Box::default()), at(1));
    assert_eq!((only(&heard), heard.job.document.seq, heard.job.document.progress), (&Outcome::Accepted, 2, None));
}
