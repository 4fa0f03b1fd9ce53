//! Requests for jobs that do not exist, and refused requests, write nothing.

use std::{path::PathBuf, process::Command};

use contract::{
    deployment::{Deployment, Runtime, files_below},
    key::{EVERYTHING, Key},
    target::fresh_name,
    token::{claims, sign, signing_secret},
};
use serde_json::json;

use super::operations::{OPERATIONS, Operation, Shape};

const SECRET: &str = "a-secret-of-32-characters-or-more";

/// The number of unknown jobs that are requested.
const PROBES: usize = 1_000;

/// A program that prints the number of tables in the database files given to it, and of rows in all of them.
const COUNT_PROGRAM: &str = "
import sqlite3, sys
tables = rows = 0
for path in sys.argv[1:]:
    database = sqlite3.connect(path)
    for (name,) in database.execute('SELECT name FROM sqlite_master WHERE type = ?', ('table',)).fetchall():
        tables += 1
        rows += database.execute('SELECT count(*) FROM \"%s\"' % name).fetchone()[0]
print(tables, rows)
";

/// The databases of jobs and of the index of a deployment. The runtime keeps its own database of alarms beside them.
fn databases(deployment: &Deployment) -> Vec<PathBuf> {
    let of_a_job = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "sqlite");
    let alarms = |path: &PathBuf| path.file_name().is_some_and(|name| name == "metadata.sqlite");
    files_below(&deployment.data()).into_iter().filter(|path| of_a_job(path) && !alarms(path)).collect()
}

/// The number of tables and rows in all of them; the worker must have ended, so that nothing is left in its memory.
fn tables_and_rows(databases: &[PathBuf]) -> (u64, u64) {
    let output = Command::new("python3").args(["-c", COUNT_PROGRAM]).args(databases).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let (tables, rows) = output.trim().split_once(' ').unwrap_or_else(|| panic!("{output}"));
    (tables.parse().unwrap(), rows.parse().unwrap())
}

fn start() -> (Deployment, Key) {
    let key = Key::draw("ci", "acme", EVERYTHING);
    let deployment = Deployment::start(Runtime::Raised, &[("API_KEYS", &*key.line), ("TOKEN_SECRET", SECRET)]);
    (deployment, key)
}

/// Whether an operation creates a job that does not exist.
fn creates(operation: &Operation) -> bool {
    ["create", "report-create", "report-progress"].contains(&operation.name)
}

#[test]
fn requests_for_a_thousand_unknown_jobs_write_nothing() {
    let (mut deployment, key) = start();
    let probes: Vec<&Operation> = OPERATIONS.iter().filter(|operation| !creates(operation)).collect();
    for (_, operation) in (0..PROBES).zip(probes.iter().cycle()) {
        let call = operation.request(&operation.job_id(&format!("probe-{}", fresh_name()))).to(&deployment.base_url);
        let answer = operation.send(&call.bearer(&key.text));
        let expected = match operation.shape {
            // The list of the project, which has no jobs.
            _ if ["list", "summary", "list-stream"].contains(&operation.name) => "200",
            Shape::Plain if operation.name == "mint" => "200",
            Shape::Plain => "404",
            Shape::Batch | Shape::Stream if answer.status == 200 => "200/404",
            Shape::Batch | Shape::Stream => "404",
        };
        assert_eq!(operation.outcome(&answer), expected, "{}: {answer}", operation.name);
    }
    deployment.kill();
    assert_eq!(tables_and_rows(&databases(&deployment)), (0, 0));
}

#[test]
fn the_counter_of_tables_and_rows_counts() {
    // Without this the test above would prove nothing.
    let (mut deployment, key) = start();
    let call = deployment.request("POST", "/v2/jobs/a/reports?create=true").json(&json!({"logs": ["a line"]}));
    call.bearer(&key.text).send().expect(201);
    deployment.kill();
    let databases = databases(&deployment);
    // The job's, and that of the index unless the kill precedes it.
    assert!((1..=2).contains(&databases.len()), "{databases:?}");
    let (tables, rows) = tables_and_rows(&databases);
    assert!(tables >= 2 && rows >= 2, "{tables} tables, {rows} rows");
}

#[test]
fn a_request_that_is_refused_wakes_no_object() {
    let (mut deployment, _) = start();
    let token = sign(&claims("acme", "another"), &signing_secret(SECRET, "acme"));
    for operation in OPERATIONS {
        for credential in [None, Some("jp_ci_0123456789abcdefghijklmnopqrstuvwxyz"), Some(&*token)] {
            let job = operation.job_id(&format!("refused-{}", fresh_name()));
            let call = operation.request(&job).to(&deployment.base_url);
            let call = credential.map_or(call.clone(), |credential| call.bearer(credential));
            let outcome = operation.outcome(&operation.send(&call));
            assert!(outcome.ends_with("401") || outcome.ends_with("403"), "{}: {outcome}", operation.name);
        }
    }
    deployment.kill();
    assert_eq!(databases(&deployment), Vec::<PathBuf>::new());
}
