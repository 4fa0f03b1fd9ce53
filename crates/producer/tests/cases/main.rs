//! Plays every case of `tests/cases/producer` with the producer of this crate, each as a test of its own.
//!
//! `CASE=word` selects the cases whose name contains the word and fails when there are none.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test: it measures deadlines, and a panic is how it fails"
)]

mod play;
mod server;

use std::process::ExitCode;

use cases::{
    files::{self, Sourced},
    producer::ProducerCase,
};
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a case is waiting.
    arguments.test_threads.get_or_insert(16);
    let mut cases = files::producer().unwrap();
    if let Ok(word) = std::env::var("CASE") {
        cases.retain(|sourced| sourced.case.id.contains(&word));
        assert!(!cases.is_empty(), "CASE={word} selects no case");
    }
    let trial = |Sourced { file, case }: Sourced<ProducerCase>| {
        let name = format!("producer/{}", case.id);
        Trial::test(name, move || {
            play::play(&case).map_err(|error| format!("{file}.json: {}\n  {error}", case.name).into())
        })
    };
    libtest_mimic::run(&arguments, cases.into_iter().map(trial).collect()).exit_code()
}
