//! How good the estimate from history is on recorded runs: before the first progress, and when a tenth of the work is done. Each run
//! has the median of the other two of its kind as its history.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic; clippy exempts only the bodies of test functions"
)]

use std::{fs, path::Path};

use engine::estimates::{Estimates, ProducerOverride, ProgressOf};
use protocol::{Document, Report, Timestamp, fold, number::Number};
use serde_json::{Value, json};

const DOCS: &str = include_str!("../src/estimates.rs");
const START: u64 = 1_700_000_000_000;

/// A recorded run: the milliseconds of each report since the start, and what it says.
struct Run {
    kind: String,
    reports: Vec<(u64, f64, Value)>,
}

impl Run {
    fn read(path: &Path) -> Run {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let kind = name.rsplit_once('-').unwrap().0.to_owned();
        let text = fs::read_to_string(path).unwrap();
        let report = |line: &str| {
            let [ms, done, total, unit, step] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let (done, total) = (done.parse::<f64>().unwrap(), total.parse::<f64>().unwrap());
            let mut report = match unit {
                "%" => json!({"progress": done}),
                _ => json!({"current": done, "total": total, "unit": unit}),
            };
            if step != "-" {
                report["steps"] = json!([{"id": step, "status": "running"}]);
            }
            (ms.parse().unwrap(), done / total, report)
        };
        Run { kind, reports: text.lines().filter(|line| !line.starts_with('#')).map(report).collect() }
    }

    fn end_ms(&self) -> u64 {
        self.reports.last().unwrap().0
    }

    /// The relative errors of the remaining time at the start and at a tenth of the work; no estimate counts like one of 0 s.
    fn errors(&self, expected_seconds: Option<f64>) -> [f64; 2] {
        let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(START));
        document.expected_seconds = expected_seconds.and_then(Number::new);
        let mut estimates = Estimates::default();
        let mut error_after = |ms: u64, report: Value| {
            let (now, report) = (Timestamp::from_millis(START + ms), Report::from_json(report).unwrap());
            let producer = ProducerOverride::from_report(&report);
            fold::fold(&mut document, report, now).unwrap();
            estimates.update(producer, ProgressOf::Job, &mut document, now);
            let left = self.end_ms().saturating_sub(ms) as f64;
            let estimate = document.estimated_completion.map_or(0.0, |at| at.seconds_since(now) * 1_000.0);
            (estimate - left).abs() / left
        };
        let first = error_after(0, json!({"status": "running"}));
        for (ms, done, report) in &self.reports {
            let error = error_after(*ms, report.clone());
            if *done >= 0.1 {
                return [first, error];
            }
        }
        panic!("a run of the kind {} does not end", self.kind);
    }
}

fn runs() -> Vec<Run> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/traces");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    paths.iter().map(|path| Run::read(path)).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// The median errors at the start and at a tenth of the work, without history and with it.
fn errors() -> [[f64; 2]; 2] {
    let runs = runs();
    let mut all = [[const { Vec::new() }; 2], [const { Vec::new() }; 2]];
    for (index, run) in runs.iter().enumerate() {
        let others = runs.iter().enumerate().filter(|(other, of)| *other != index && of.kind == run.kind);
        let expected = median(others.map(|(_, other)| other.end_ms() as f64 / 1_000.0).collect());
        for (errors, history) in all.iter_mut().zip([None, Some(expected)]) {
            errors.iter_mut().zip(run.errors(history)).for_each(|(errors, error)| errors.push(error));
        }
    }
    all.map(|errors| errors.map(median))
}

#[test]
fn history_gives_an_estimate_at_the_start_and_is_no_worse_at_a_tenth_of_the_work() {
    let [without, with] = errors();
    assert!(with[0] < without[0] && with[1] <= without[1], "{without:?} {with:?}");
}

#[test]
fn the_figures_in_the_documentation_are_up_to_date() {
    let percent = |[start, tenth]: [f64; 2]| format!("{:.0} % | {:.0} %", start * 100.0, tenth * 100.0);
    let [without, with] = errors().map(percent);
    let table = format!("//! | without history | {without} |\n//! | with history | {with} |\n");
    assert!(DOCS.contains(&table), "the documentation should say:\n{table}");
}
