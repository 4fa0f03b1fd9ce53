//! The fold cases of `tests/cases/fold`, each as a test of its own: they hold of the engine alone as they hold of a
//! server.
#![allow(clippy::arithmetic_side_effects, clippy::panic, reason = "a test")]

use std::process::ExitCode;

use cases::{
    case::FoldCase,
    files::{self, Sourced},
    generators::expand,
    matchers::matches,
};
use engine::{
    accept::{accept, create},
    job::Job,
};
use libtest_mimic::{Arguments, Trial};
use protocol::{Problem, Timestamp, include::Include, json, report};
use serde_json::Value;

const JOB: &str = "import-42";

fn main() -> ExitCode {
    let cases = files::fold().unwrap_or_else(|error| panic!("{error}"));
    let trial = |Sourced { file, case }: Sourced<FoldCase>| {
        Trial::test(case.id.clone(), move || {
            play(&case).map_err(|error| format!("{file}.json: {}\n  {error}", case.name).into())
        })
    };
    libtest_mimic::run(&Arguments::from_args(), cases.into_iter().map(trial).collect()).exit_code()
}

/// The value with the job id filled in and every generator replaced by what it generates.
fn fill(value: &Value) -> Result<Value, String> {
    let text = value.to_string().replace("{{job}}", JOB);
    serde_json::from_str(&text).map_err(|error| error.to_string()).and_then(|value| expand(&value))
}

fn play(case: &FoldCase) -> Result<(), String> {
    let message = |problem: Problem| problem.message().to_owned();
    let mut job: Option<Job> = None;
    for (index, report) in case.reports.iter().enumerate() {
        let now = Timestamp::from_millis(1_800_000_000_000 + index as u64 * 1_000);
        let body = fill(report)?.to_string().into_bytes();
        let reports = json::parse(&body).and_then(report::from_body).map_err(message)?;
        let acceptance = match job.take() {
            Some(job) => accept(job, reports, now),
            None => create(Job::new(JOB.to_owned(), "k3v9a0".to_owned(), now), reports, now).map_err(message)?,
        };
        let answer = acceptance.answer().map_err(message)?;
        let answer = serde_json::to_value(answer).map_err(|error| error.to_string())?;
        matches(&fill(&case.expected_answer(index))?, Some(&answer), &format!("the answer to report {index}"))?;
        job = Some(acceptance.job);
    }
    let document = job.ok_or("the case has no reports")?.document;
    let view = serde_json::to_string(&*document.view(Include::from_bits(6))).map_err(|error| error.to_string())?;
    let view: Value = serde_json::from_str(&view).map_err(|error| error.to_string())?;
    matches(&fill(&case.expect)?, Some(&view), "the document")
}
