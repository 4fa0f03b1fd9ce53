//! The fold cases of `tests/cases/fold`, which hold of the engine alone as they hold of a server.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]
#![allow(unreachable_pub, reason = "what is shared with the contract is public there")]

use std::{fs, path::Path};

use engine::{
    accept::{accept, create},
    job::Job,
};
use protocol::{Timestamp, include::Include, json, report};
use serde::Deserialize;
use serde_json::{Value, json};

// How a case is compared, and what it writes short, is the same wherever it is played.
#[path = "../../../tests/contract/src/expect.rs"]
#[allow(dead_code, reason = "the contract needs more of it")]
mod expect;
#[path = "../../../tests/contract/src/made.rs"]
mod made;

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    reports: Vec<Value>,
    #[serde(default)]
    answers: Vec<Value>,
    expect: Value,
}

const JOB: &str = "import-42";

fn fill(value: &Value) -> Value {
    let text = value.to_string().replace("{{job}}", JOB);
    made::expand(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn play(case: &Case) -> Result<(), String> {
    let mut job: Option<Job> = None;
    for (second, sent) in (0..).zip(&case.reports) {
        let now = Timestamp::from_millis(1_800_000_000_000 + second * 1_000);
        let body = serde_json::to_vec(&fill(sent)).unwrap();
        let reports = json::parse(&body).and_then(report::from_body).map_err(|problem| problem.message().to_owned())?;
        let acceptance = match job.take() {
            Some(job) => accept(job, reports, now),
            None => create(Job::new(JOB.to_owned(), "k3v9a0".to_owned(), now), reports, now)
                .map_err(|problem| problem.message().to_owned())?,
        };
        let answer = acceptance.answer().map_err(|problem| problem.message().to_owned())?;
        let answer = serde_json::to_value(answer).unwrap();
        let accepted = json!({"accepted": true});
        let expected = case.answers.get(second as usize).unwrap_or(&accepted);
        expect::matches(&fill(expected), Some(&answer), &format!("the answer to report {second}"))?;
        job = Some(acceptance.job);
    }
    let document = job.unwrap().document;
    let text = serde_json::to_string(&*document.view(Include::from_bits(6))).unwrap();
    let seen: Value = serde_json::from_str(&text).unwrap();
    expect::matches(&fill(&case.expect), Some(&seen), "the document")
}

#[test]
fn every_case_of_the_fold_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/fold");
    let mut played = 0;
    let mut failures = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let file: File = serde_json::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        for case in &file.cases {
            played += 1;
            failures.extend(play(case).err().map(|error| format!("{}: {error}", case.id)));
        }
    }
    assert!(played > 0 && failures.is_empty(), "{} of {played} failed:\n{}", failures.len(), failures.join("\n"));
}
