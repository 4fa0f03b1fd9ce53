//! Plays every case of `tests/cases` against the target, each as a test of its own: `api/<id>`, `sse/<id>`,
//! `fold/<id>`, `bad/<file>/<name>`.
//!
//! `CASE=word` selects the cases whose name contains the word and fails when there are none, unlike a filter of
//! `cargo test`, which passes.

use std::{process::ExitCode, sync::Arc};

use cases::files::{self, Sourced};
use contract::{
    bad_request::BadRequests,
    play::{play, play_fold},
};
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = match trials() {
        Ok(trials) => trials,
        Err(error) => return failure(&error),
    };
    if let Ok(word) = std::env::var("CASE") {
        trials.retain(|trial| trial.name().contains(&word));
        if trials.is_empty() {
            return failure(&format!("CASE={word} selects no case"));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn failure(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}

fn trials() -> Result<Vec<Trial>, String> {
    let mut trials = Vec::new();
    for (folder, cases) in [("api", files::api()?), ("sse", files::sse()?)] {
        trials.extend(cases.into_iter().map(|Sourced { file, case }| {
            trial(format!("{folder}/{}", case.id), format!("{file}.json: {}", case.name), move || play(&case))
        }));
    }
    trials.extend(files::fold()?.into_iter().map(|Sourced { file, case }| {
        trial(format!("fold/{}", case.id), format!("{file}.json: {}", case.name), move || play_fold(&case))
    }));
    for Sourced { file, case } in files::bad()? {
        let (about, requests) = (case.about.clone(), case.refusals.clone());
        let shared = Arc::new(BadRequests::new(case));
        trials.extend(requests.into_iter().map(|bad| {
            let shared = Arc::clone(&shared);
            trial(format!("bad/{file}/{}", bad.name), about.clone(), move || shared.play(&bad))
        }));
    }
    Ok(trials)
}

/// A test; the promise is shown when it fails.
fn trial(name: String, promise: String, play: impl FnOnce() -> Result<(), String> + Send + 'static) -> Trial {
    Trial::test(name, move || play().map_err(|error| format!("{promise}\n  {error}").into()))
}
