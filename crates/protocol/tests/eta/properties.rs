//! Properties of any sequence of reports.

use proptest::prelude::*;
use protocol::{
    Timestamp,
    eta::{Estimator, MAX_JUMP, PhaseKey, Sample, remaining_seconds},
};

use crate::{Answer, files, jump, observe};

#[derive(Clone, Debug)]
enum Call {
    Observe(Sample),
    Pause(Timestamp),
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![4 => (0..1000_u32).prop_map(f64::from), 2 => 0.0..1e6, 1 => any::<f64>(), 1 => Just(0.0), 1 => Just(f64::MAX)]
}

fn any_phase() -> impl Strategy<Value = PhaseKey> {
    let name = || prop::option::weighted(0.3, prop::sample::select(vec!["a", "b"]));
    prop_oneof![
        3 => Just(PhaseKey::units(Some("files"), None)),
        1 => (name(), name()).prop_map(|(unit, step)| PhaseKey::units(unit, step)),
        1 => name().prop_map(PhaseKey::percent),
    ]
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![8 => 0..100_000_u64, 1 => any::<u64>()].prop_map(Timestamp::from_millis)
}

fn any_calls() -> impl Strategy<Value = Vec<Call>> {
    let sample = (any_time(), any_number(), prop::option::weighted(0.9, any_number()), any_phase())
        .prop_map(|(at, done, total, phase)| Sample { at, done, total, phase });
    prop::collection::vec(
        prop_oneof![15 => sample.prop_map(Call::Observe), 1 => any_time().prop_map(Call::Pause)],
        0..60,
    )
}

fn make(estimator: &mut Estimator, call: &Call) {
    match call {
        Call::Observe(sample) => estimator.observe(*sample),
        Call::Pause(at) => estimator.pause(*at),
    }
}

/// A run whose count never decreases, as (milliseconds since the last report, files since then).
fn any_forward_run() -> impl Strategy<Value = Vec<(u64, u32)>> {
    let gap = prop_oneof![3 => 0..50_u64, 3 => 50..5000_u64, 1 => 5000..500_000_u64];
    let files = prop_oneof![1 => Just(0_u32), 3 => 1..5_u32, 1 => 5..300_u32];
    prop::collection::vec((gap, files), 1..80)
}

fn answers(run: &[(u64, u32)]) -> Vec<Answer> {
    let total = f64::from(run.iter().map(|(_, files)| files).sum::<u32>() + 1);
    let mut estimator = Estimator::default();
    let (mut at, mut done) = (1_700_000_000_000, 0);
    run.iter()
        .map(|(gap, new)| {
            at += gap;
            done += new;
            observe(&mut estimator, Sample { at: Timestamp::from_millis(at), ..files(0.0, f64::from(done), total) })
        })
        .collect()
}

proptest! {
    #[test]
    fn answers_are_finite_and_in_the_future_for_any_reports(calls in any_calls()) {
        let mut estimator = Estimator::default();
        let mut latest = Timestamp::from_millis(0);
        for call in &calls {
            make(&mut estimator, call);
            latest = latest.max(match call {
                Call::Observe(sample) => sample.at,
                Call::Pause(at) => *at,
            });
            if let Some(rate) = estimator.rate_per_second() {
                prop_assert!(rate.is_finite() && rate > 0.0, "{rate}");
            }
            if let Some(completion) = estimator.completion() {
                prop_assert!(completion > Timestamp::from_millis(0));
                prop_assert!(completion.millis() <= latest.millis() + 366 * 86_400_000);
            }
        }
    }

    #[test]
    fn the_state_survives_serialization_and_the_same_calls_give_the_same_state(calls in any_calls()) {
        let (mut one, mut two) = (Estimator::default(), Estimator::default());
        for call in &calls {
            make(&mut one, call);
            make(&mut two, call);
            let value = serde_json::to_value(&two).unwrap();
            two = serde_json::from_value(value).unwrap();
            prop_assert_eq!(&one, &two);
            prop_assert!(serde_json::from_str::<Estimator>(&serde_json::to_string(&one).unwrap()).is_ok());
        }
    }

    #[test]
    fn without_two_intervals_of_progress_or_a_large_one_there_is_no_answer(at in any_time(), done in any_number(), repeats in 1..20_usize) {
        let mut estimator = Estimator::default();
        for _ in 0..repeats {
            estimator.observe(Sample { at, ..files(0.0, done, 1e9) });
            prop_assert_eq!((estimator.completion(), estimator.rate_per_second()), (None, None));
        }
    }

    #[test]
    fn no_report_of_an_increasing_run_changes_an_answer_by_more_than_a_quarter(run in any_forward_run()) {
        for pair in answers(&run).windows(2) {
            if let Some(jump) = jump(pair[0], pair[1]) {
                prop_assert!(jump <= MAX_JUMP + 1e-9, "{jump}: {pair:?}");
            }
        }
    }

    #[test]
    fn a_reader_sees_at_least_a_second_and_never_more_than_before(
        completion in any_time(), updated in any_time(), first in any_time(), second in any_time(),
    ) {
        let (earlier, later) = (first.min(second), first.max(second));
        let [before, after] = [earlier, later].map(|now| remaining_seconds(completion, updated, now));
        prop_assert!(after.is_none_or(|seconds| seconds >= 1));
        if let (Some(before), Some(after)) = (before, after) {
            prop_assert!(after <= before);
        }
        prop_assert!(before.is_some() || after.is_none());
    }
}
