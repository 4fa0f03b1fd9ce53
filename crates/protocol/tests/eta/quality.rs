//! The quality of the estimates on real runs, compared with elapsed time over progress: the table in the documentation of `eta`.

use protocol::eta::{Estimator, MAX_JUMP};
use trace::{Row, Trace};

use crate::{Answer, jump, observe, trace};

const DOCS: &str = include_str!("../../src/eta.rs");
/// The shares of the work after which the error of an answer is measured.
const POINTS: [f64; 3] = [0.25, 0.5, 0.75];
const KINDS: [&str; 9] =
    ["accelerating", "bursty", "phases", "restarted", "resumed", "skipped", "slowing", "stalled", "steady"];

/// Relative errors of the remaining time at the three points.
type Errors = [f64; 3];

struct Judged {
    name: String,
    ours: Errors,
    naive: Errors,
    literal: Errors,
    jump: f64,
    withdrawn: usize,
}

/// Elapsed time × work left / work done, both since the first report of the same unit and total.
fn naive(first: &Row, row: &Row) -> Option<f64> {
    let done = row.done - first.done;
    (done > 0.0).then(|| (row.ms - first.ms) as f64 * (row.total - row.done) / done)
}

/// The literal formula: since the first report of the run, and the work before it counts as done since.
fn literal(row: &Row) -> Option<f64> {
    (row.done > 0.0).then(|| row.ms as f64 * (row.total - row.done) / row.done)
}

fn judge(trace: &Trace) -> Judged {
    let mut estimator = Estimator::default();
    let answers: Vec<Answer> = trace.rows.iter().map(|row| observe(&mut estimator, row.sample())).collect();

    let mut errors = [[const { Vec::new() }; 3], [const { Vec::new() }; 3], [const { Vec::new() }; 3]];
    let mut start = 0;
    for course in trace.rows.chunk_by(Row::same_course) {
        let (first, last) = (&course[0], &course[course.len() - 1]);
        // Work that was left before its end has no true remaining time.
        let is_whole = last.done == last.total;
        // The points are shares of the work that was really done: after skipped work, of the rest.
        let skip = course.windows(2).rposition(|pair| pair[0].skips_to(&pair[1])).map_or(0, |before| before + 1);
        let (from, end) = (course[skip].done, last.ms);
        for (i, point) in POINTS.iter().enumerate().filter(|_| is_whole) {
            let reached = |row: &Row| row.done - from >= point * (row.total - from);
            let Some(index) = course.iter().position(reached).filter(|index| course[*index].ms < end) else { continue };
            let (row, ours) = (&course[index], answers[start + index].remaining());
            let truth = (end - row.ms) as f64;
            for (errors, estimate) in errors.iter_mut().zip([ours, naive(first, row), literal(row)]) {
                // No answer counts like an answer of 0 s.
                errors[i].push(estimate.map_or(1.0, |estimate| (estimate - truth).abs() / truth));
            }
        }
        start += course.len();
    }
    let [ours, naive, literal] = errors.map(|points| points.map(median));

    let pairs = || trace.rows.windows(2).zip(answers.windows(2)).filter(|(rows, _)| rows[0].same_phase(&rows[1]));
    Judged {
        name: trace.name.clone(),
        ours,
        naive,
        literal,
        jump: pairs().filter_map(|(_, pair)| jump(pair[0], pair[1])).fold(0.0, f64::max),
        withdrawn: pairs()
            .filter(|(rows, pair)| {
                rows[1].done < rows[1].total && pair[0].completion.is_some() && pair[1].completion.is_none()
            })
            .count(),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    assert!(!values.is_empty());
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

fn overall(judged: &[Judged], errors: impl Fn(&Judged) -> Errors) -> f64 {
    median(judged.iter().flat_map(errors).collect())
}

fn at_each_point(judged: &[Judged], errors: impl Fn(&Judged) -> Errors) -> Errors {
    [0, 1, 2].map(|i| median(judged.iter().map(|one| errors(one)[i]).collect()))
}

fn table(judged: &[Judged]) -> String {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let three = |errors: Errors| errors.map(percent).join(" / ");
    let mut lines = vec![
        "| trace | ours at 25 / 50 / 75 % | elapsed/progress at 25 / 50 / 75 % | largest jump | withdrawn |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for one in judged {
        let jump = percent(one.jump);
        lines.push(format!(
            "| {} | {} | {} | {jump} | {} |",
            one.name,
            three(one.ours),
            three(one.naive),
            one.withdrawn
        ));
    }
    let largest = percent(judged.iter().map(|one| one.jump).fold(0.0, f64::max));
    let (ours, naive) = (at_each_point(judged, |one| one.ours), at_each_point(judged, |one| one.naive));
    let withdrawn: usize = judged.iter().map(|one| one.withdrawn).sum();
    lines.push(format!("| **median** | **{}** | **{}** | {largest} | {withdrawn} |", three(ours), three(naive)));
    lines.push(String::new());
    lines.push(format!(
        "Median of all {} errors: ours {}, elapsed/progress {}, elapsed/progress taken literally {}.",
        judged.len() * POINTS.len(),
        percent(overall(judged, |one| one.ours)),
        percent(overall(judged, |one| one.naive)),
        percent(overall(judged, |one| one.literal)),
    ));
    lines.iter().map(|line| format!("//! {line}").trim_end().to_owned() + "\n").collect()
}

fn judged() -> Vec<Judged> {
    trace::all().iter().map(judge).collect()
}

#[test]
fn there_are_three_recorded_runs_of_each_kind_and_every_run_ends() {
    let traces = trace::all();
    for kind in KINDS {
        assert_eq!(traces.iter().filter(|trace| trace.name.starts_with(kind)).count(), 3, "{kind}");
    }
    for Trace { name, rows } in traces {
        assert!(rows.windows(2).all(|pair| pair[0].ms <= pair[1].ms), "{name}: time runs forward");
        let last = &rows[rows.len() - 1];
        assert_eq!(last.done, last.total, "{name}");
    }
}

#[test]
fn ours_beats_elapsed_over_progress_in_median_error_over_all_traces() {
    let judged = judged();
    let ours = overall(&judged, |one| one.ours);
    assert!(ours < overall(&judged, |one| one.naive));
    assert!(ours < overall(&judged, |one| one.literal));
}

#[test]
fn no_report_changes_an_answer_by_more_than_a_quarter_unless_the_phase_changed() {
    for one in judged() {
        assert!(one.jump <= MAX_JUMP + 1e-9, "{}: {}", one.name, one.jump);
    }
}

#[test]
fn the_table_in_the_documentation_is_up_to_date() {
    let table = table(&judged());
    assert!(DOCS.contains(&table), "the documentation should say:\n{table}");
}
