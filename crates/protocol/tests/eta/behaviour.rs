//! Single cases, one promise each.

use protocol::{
    Timestamp,
    eta::{Estimator, PhaseKey, Sample},
};

use crate::{Answer, files, jump, observe, second_of};

/// Observes a run in files and returns the last answer.
fn run(estimator: &mut Estimator, samples: impl IntoIterator<Item = (f64, f64, f64)>) -> Answer {
    samples.into_iter().map(|(second, done, total)| observe(estimator, files(second, done, total))).last().unwrap()
}

/// One file per second from `from` to `to`, out of 100.
fn even(from: u32, to: u32) -> impl Iterator<Item = (f64, f64, f64)> {
    (from..=to).map(|i| (f64::from(i), f64::from(i), 100.0))
}

fn remaining_seconds(answer: Answer) -> f64 {
    answer.remaining().unwrap() / 1000.0
}

#[test]
fn the_first_report_is_no_evidence() {
    let answer = run(&mut Estimator::default(), [(0.0, 45.0, 100.0)]);
    assert_eq!((answer.completion, answer.per_second), (None, None));
}

#[test]
fn one_small_interval_is_no_evidence_and_two_are() {
    let mut estimator = Estimator::default();
    assert_eq!(run(&mut estimator, even(0, 1)).completion, None);
    assert_eq!(run(&mut estimator, even(2, 2)).completion, Some(second_of(100.0)));
}

#[test]
fn one_interval_of_a_twentieth_of_the_work_is_evidence() {
    let answer = run(&mut Estimator::default(), [(0.0, 0.0, 100.0), (10.0, 5.0, 100.0)]);
    assert_eq!((answer.completion, answer.per_second), (Some(second_of(200.0)), Some(0.5)));
}

#[test]
fn work_before_the_first_report_does_not_count() {
    let answer = run(&mut Estimator::default(), [(0.0, 40.0, 100.0), (10.0, 45.0, 100.0), (20.0, 50.0, 100.0)]);
    assert_eq!((answer.completion, answer.per_second), (Some(second_of(120.0)), Some(0.5)));
}

#[test]
fn without_a_total_there_is_a_rate_and_no_completion() {
    let mut estimator = Estimator::default();
    let answers: Vec<Answer> = [0.0, 1.0, 2.0, 3.0]
        .map(|second| observe(&mut estimator, Sample { total: None, ..files(second, second * 7.0, 0.0) }))
        .into();
    assert_eq!((answers[3].completion, answers[3].per_second), (None, Some(7.0)));
}

#[test]
fn a_percentage_has_a_completion_and_no_rate() {
    let mut estimator = Estimator::default();
    let percent = |second: f64| Sample { phase: PhaseKey::percent(None), ..files(second, second, 100.0) };
    let answer = [0.0, 1.0, 2.0].map(|second| observe(&mut estimator, percent(second)))[2];
    assert_eq!((answer.completion, answer.per_second), (Some(second_of(100.0)), None));
}

#[test]
fn a_total_of_zero_has_no_completion() {
    let answer = run(&mut Estimator::default(), [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (2.0, 3.0, 0.0), (3.0, 4.0, 0.0)]);
    assert_eq!(answer.completion, None);
}

#[test]
fn when_all_work_is_done_there_is_no_completion() {
    let mut estimator = Estimator::default();
    assert!(run(&mut estimator, even(0, 99)).completion.is_some());
    assert_eq!(run(&mut estimator, even(100, 100)).completion, None);
}

#[test]
fn another_unit_starts_over() {
    let mut estimator = Estimator::default();
    run(&mut estimator, even(0, 50));
    let bytes = |second: f64, done: f64| Sample {
        phase: PhaseKey::units(Some("bytes"), None),
        ..files(second, done, 1_000_000.0)
    };
    assert_eq!(observe(&mut estimator, bytes(51.0, 10_000.0)).completion, None);
    assert_eq!(observe(&mut estimator, bytes(52.0, 20_000.0)).completion, None);
    let answer = observe(&mut estimator, bytes(53.0, 30_000.0));
    assert_eq!((answer.completion, answer.per_second), (Some(second_of(150.0)), Some(10_000.0)));
}

#[test]
fn a_new_step_of_the_same_whole_keeps_the_estimate_and_soon_follows_the_new_pace() {
    let mut estimator = Estimator::default();
    let in_step =
        |second: f64, done: f64, step| Sample { phase: PhaseKey::percent(Some(step)), ..files(second, done, 100.0) };
    for second in 0..=30 {
        observe(&mut estimator, in_step(f64::from(second), f64::from(second), "fetch"));
    }
    let answer = observe(&mut estimator, in_step(31.0, 31.0, "encode"));
    assert_eq!(answer.completion, Some(second_of(100.0)));
    // Encoding takes 4 s per percent. 65 percent remain at the end.
    let last = (1..=4)
        .map(|i| observe(&mut estimator, in_step(31.0 + 4.0 * f64::from(i), 31.0 + f64::from(i), "encode")))
        .last();
    let remaining = remaining_seconds(last.unwrap());
    assert!((130.0..330.0).contains(&remaining), "{remaining}");
}

#[test]
fn a_large_revision_of_the_total_is_followed_at_once_and_a_small_one_gradually() {
    let mut estimator = Estimator::default();
    run(&mut estimator, even(0, 50));
    let mut little = estimator.clone();
    let answer = run(&mut estimator, [(51.0, 51.0, 1000.0)]);
    assert_eq!(answer.completion, Some(second_of(1000.0)));
    let answer = run(&mut little, [(51.0, 51.0, 110.0)]);
    assert_eq!(answer.completion, Some(second_of(110.0)));
}

#[test]
fn reports_slightly_out_of_order_do_not_change_the_estimate() {
    let mut estimator = Estimator::default();
    run(&mut estimator, even(0, 50));
    let answer =
        run(&mut estimator, [(50.5, 48.0, 100.0), (51.0, 51.0, 100.0), (51.5, 49.0, 100.0), (52.0, 52.0, 100.0)]);
    assert!((remaining_seconds(answer) - 48.0).abs() < 1.0, "{answer:?}");
    assert!((answer.per_second.unwrap() - 1.0).abs() < 0.05, "{answer:?}");
}

#[test]
fn lost_work_counts_as_remaining_work() {
    let mut estimator = Estimator::default();
    let before = run(&mut estimator, even(0, 60));
    let after = run(&mut estimator, [(61.0, 10.0, 100.0)]);
    assert!(remaining_seconds(before) < 41.0 && (remaining_seconds(after) - 90.0).abs() < 2.0, "{before:?} {after:?}");
}

#[test]
fn a_decrease_below_the_first_report_starts_over() {
    let mut estimator = Estimator::default();
    run(&mut estimator, even(40, 60));
    assert_eq!(run(&mut estimator, [(61.0, 0.0, 100.0)]).completion, None);
    assert_eq!(run(&mut estimator, [(71.0, 5.0, 100.0)]).completion, Some(second_of(261.0)));
}

#[test]
fn a_decrease_to_the_first_value_starts_over() {
    let mut estimator = Estimator::default();
    // Twenty units in two seconds, then the same work again at a tenth of the pace.
    run(&mut estimator, (0..=20).map(|i| (f64::from(i) / 10.0, f64::from(i), 20.0)));
    assert_eq!(run(&mut estimator, [(2.1, 0.0, 20.0)]).completion, None);
    let answer = run(&mut estimator, [(3.1, 1.0, 20.0), (4.1, 2.0, 20.0)]);
    assert_eq!(answer.completion, Some(second_of(22.1)));
}

#[test]
fn a_decrease_with_another_total_starts_over() {
    let mut estimator = Estimator::default();
    // 50 of 1,000 steps of training at 100 a second, then validation in 40 steps at one a second.
    run(&mut estimator, (1..=50).map(|i| (f64::from(i) / 100.0, f64::from(i), 1000.0)));
    for first in [0.0, 1.0, 2.0] {
        let mut estimator = estimator.clone();
        assert_eq!(run(&mut estimator, [(1.0, first, 40.0)]).completion, None);
        let answer = run(&mut estimator, [(2.0, first + 1.0, 40.0), (3.0, first + 2.0, 40.0)]);
        assert_eq!(answer.completion, Some(second_of(41.0 - first)));
    }
}

#[test]
fn skipped_items_are_no_evidence_of_pace() {
    // 480 of 520 items are skipped at once, at the start or after some work; each other item takes a second.
    for (worked, seconds) in [(0, 0.2), (0, 0.0), (5, 0.2), (5, 0.0)] {
        let mut estimator = Estimator::default();
        let mut last = run(&mut estimator, (0..=worked).map(|i| (f64::from(i), f64::from(i), 520.0)));
        let worked = f64::from(worked);
        run(&mut estimator, [(worked + seconds, worked + 480.0, 520.0)]);
        // The answer before the jump is revised by a quarter with each report.
        for i in 1..=12 {
            let second = worked + seconds + f64::from(i);
            last = observe(&mut estimator, files(second, worked + 480.0 + f64::from(i), 520.0));
        }
        assert!((remaining_seconds(last) - (28.0 - worked)).abs() < 2.0, "{worked}, then {seconds} s: {last:?}");
    }
}

#[test]
fn regular_large_steps_are_work() {
    let mut estimator = Estimator::default();
    // Each second one unit and, at once, 99 more.
    let answer = run(
        &mut estimator,
        (0..20).flat_map(|i| {
            [
                (f64::from(i), f64::from(i) * 100.0 + 1.0, 4000.0),
                (f64::from(i) + 0.001, f64::from(i + 1) * 100.0, 4000.0),
            ]
        }),
    );
    assert!((remaining_seconds(answer) - 20.0).abs() < 2.0, "{answer:?}");
}

#[test]
fn a_report_without_progress_counts_down_while_the_wait_is_usual_and_then_counts_the_wait() {
    let mut estimator = Estimator::default();
    let every_ten = run(&mut estimator, (0..=10).map(|i| (f64::from(i) * 10.0, f64::from(i) * 5.0, 100.0)));
    assert_eq!(every_ten.completion, Some(second_of(200.0)));
    assert_eq!(run(&mut estimator, [(104.0, 50.0, 100.0), (109.0, 50.0, 100.0)]).completion, Some(second_of(200.0)));
    let overdue = run(&mut estimator, [(140.0, 50.0, 100.0)]);
    assert!(overdue.completion > Some(second_of(210.0)), "{overdue:?}");
    assert!(overdue.per_second < Some(0.45), "{overdue:?}");
}

#[test]
fn empty_reports_during_a_stall_keep_the_completion_ahead_of_the_clock() {
    let mut estimator = Estimator::default();
    let mut former = run(&mut estimator, even(0, 90));
    for second in 91..=400 {
        let answer = observe(&mut estimator, files(f64::from(second), 90.0, 100.0));
        assert!(remaining_seconds(answer) > 1.0 && jump(former, answer).unwrap() <= 0.25 + 1e-9, "{answer:?}");
        former = answer;
    }
}

#[test]
fn a_refuted_answer_is_withdrawn_and_returns_with_new_progress() {
    let mut estimator = Estimator::default();
    let before = run(&mut estimator, even(0, 90));
    assert!(remaining_seconds(before) < 11.0);
    assert_eq!(run(&mut estimator, [(150.0, 91.0, 100.0), (150.5, 91.0, 100.0)]).completion, None);
    assert!(run(&mut estimator, [(151.0, 92.0, 100.0)]).completion.is_some());
}

#[test]
fn a_single_stall_does_not_change_the_pace() {
    let mut estimator = Estimator::default();
    run(&mut estimator, even(0, 50));
    let after = (51..=60).map(|i| (f64::from(i) + 30.0, f64::from(i), 100.0));
    let answer = run(&mut estimator, after);
    assert!((remaining_seconds(answer) / 40.0 - 1.0).abs() < 0.3, "{answer:?}");
}

#[test]
fn bursts_are_averaged_and_not_followed() {
    let mut estimator = Estimator::default();
    // Ten files at once, then ten seconds without progress: one file per second.
    let bursts = (0..500).map(|i| (f64::from(i / 10) * 10.0, f64::from(i), 1000.0));
    let answers: Vec<Answer> =
        bursts.map(|(second, done, total)| observe(&mut estimator, files(second, done, total))).collect();
    for answer in &answers[100..] {
        let truth = 1000.0 - (answer.at.millis() - second_of(0.0).millis()) as f64 / 1000.0;
        assert!((remaining_seconds(*answer) / truth - 1.0).abs() < 0.15, "{answer:?}, but {truth}");
    }
}

#[test]
fn a_changed_pace_is_followed_without_a_jump() {
    let mut estimator = Estimator::default();
    let mut former = run(&mut estimator, even(0, 30));
    for i in 1..=25 {
        let answer = observe(&mut estimator, files(30.0 + f64::from(i) * 3.0, 30.0 + f64::from(i), 100.0));
        assert!(jump(former, answer).unwrap() <= 0.25 + 1e-9);
        former = answer;
    }
    assert!((remaining_seconds(former) / (45.0 * 3.0) - 1.0).abs() < 0.25, "{former:?}");
}

#[test]
fn the_time_of_a_pause_does_not_count_as_work() {
    let mut estimator = Estimator::default();
    run(&mut estimator, even(0, 50));
    estimator.pause(second_of(50.0));
    assert_eq!((estimator.completion(), estimator.rate_per_second()), (None, None));
    estimator.pause(second_of(5_000.0));
    let resumed = run(&mut estimator, [(10_000.0, 50.0, 100.0)]);
    assert_eq!(resumed.completion, Some(second_of(10_050.0)));
    let next = run(&mut estimator, [(10_001.0, 51.0, 100.0)]);
    assert_eq!((next.completion, next.per_second), (Some(second_of(10_050.0)), Some(1.0)));
}

#[test]
fn a_clock_set_back_adds_no_interval_and_the_estimate_continues_from_the_new_time() {
    let mut estimator = Estimator::default();
    run(&mut estimator, (0..=50).map(|i| (10_000.0 + f64::from(i), f64::from(i), 100.0)));
    for i in 51..=60 {
        let second = f64::from(i) - 50.0;
        let answer = run(&mut estimator, [(second, f64::from(i), 100.0)]);
        assert_eq!((answer.completion, answer.per_second), (Some(second_of(50.0)), Some(1.0)), "{i}");
    }
}

#[test]
fn a_clock_that_is_set_back_again_and_again_does_not_change_the_pace() {
    let mut estimator = Estimator::default();
    run(&mut estimator, (0..=50).map(|i| (100_000.0 + f64::from(i), f64::from(i) * 4.0, 1_000.0)));
    for restart in 1..=20 {
        let begin = 100_000.0 - 3_600.0 * f64::from(restart);
        let done = 200.0 + f64::from(restart) * 8.0;
        let answer = run(&mut estimator, [(begin, done, 1_000.0), (begin + 1.0, done + 4.0, 1_000.0)]);
        assert_eq!(answer.per_second, Some(4.0), "{restart}");
    }
}

#[test]
fn a_number_that_is_not_finite_or_negative_changes_nothing() {
    let mut estimator = Estimator::default();
    run(&mut estimator, even(0, 50));
    let before = estimator.clone();
    for bad in [f64::NAN, f64::INFINITY, -1.0] {
        estimator.observe(files(51.0, bad, 100.0));
        estimator.observe(files(51.0, 51.0, bad));
    }
    assert_eq!(estimator, before);
}

#[test]
fn a_completion_beyond_a_year_is_not_an_estimate() {
    let answer = run(&mut Estimator::default(), [(0.0, 0.0, 1e9), (1.0, 1.0, 1e9), (2.0, 2.0, 1e9)]);
    assert_eq!((answer.completion, answer.per_second), (None, Some(1.0)));
}

#[test]
fn the_state_stays_small_and_survives_a_restart() {
    let mut estimator = Estimator::default();
    let mut restarted = Estimator::default();
    for i in 0..1000 {
        let sample = files(f64::from(i) * 1.1, f64::from(i) / 3.0, 1000.0 / 3.0);
        estimator.observe(sample);
        restarted.observe(sample);
        let text = serde_json::to_string(&restarted).unwrap();
        assert!(text.len() < 400, "{text}");
        restarted = serde_json::from_str(&text).unwrap();
        let [ours, theirs] = [&estimator, &restarted].map(|one| one.completion().map_or(0, Timestamp::millis));
        assert!(ours.abs_diff(theirs) <= 1, "{ours} {theirs}");
    }
    assert_eq!(serde_json::to_string(&Estimator::default()).unwrap(), "null");
}
