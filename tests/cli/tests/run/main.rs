//! Real programs under `jp run`, `jp pipe` and `jp report`, and the producer library, against the server under test.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test: it measures deadlines, and a panic is how it fails"
)]

mod control;
mod faults;
mod library;
mod output;
mod pipe;
mod report;
mod tools;

use std::process::Command;

use cli_tests::{binary, job::Job};

/// `jp run` with options, of a script for `sh`.
fn jp_run(job: &Job, options: &[&str], script: &str) -> Command {
    let mut arguments = vec!["run", "--job", &job.id];
    arguments.extend(options);
    arguments.extend(["--", "sh", "-c", script]);
    binary::jp(&arguments)
}
