//! Plays the cases of `sse/` and `api/` with the native reader: it opens their streams, and reads each status again that a
//! case reads. `CASE=word` selects the cases whose name contains the word and fails when there are none.

use std::process::ExitCode;

use cases::files::{self, Sourced};
use cli_tests::native_reads::NativeReads;
use contract::play::play_with;
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = match trials() {
        Ok(trials) if !trials.is_empty() => trials,
        Ok(_) => return failure("CASE selects no case"),
        Err(error) => return failure(&error),
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn failure(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}

fn trials() -> Result<Vec<Trial>, String> {
    let word = std::env::var("CASE").unwrap_or_default();
    let mut trials = Vec::new();
    for (folder, cases) in [("sse", files::sse()?), ("api", files::api()?)] {
        for Sourced { file, case } in cases {
            let name = format!("{folder}/{}", case.id);
            // Of the API only what reads a status; tests/contract plays all of it.
            let reads =
                |path: &str| folder == "sse" || path.split('?').next().is_some_and(|path| path.ends_with("/status"));
            let paths = case.steps.iter().filter_map(|step| step.request.as_ref()?.path.as_deref());
            if paths.into_iter().any(reads) && name.contains(&word) {
                let play = move || {
                    play_with(&case, &mut NativeReads)
                        .map_err(|error| format!("{file}.json: {}\n  {error}", case.name).into())
                };
                trials.push(Trial::test(name, play));
            }
        }
    }
    Ok(trials)
}
