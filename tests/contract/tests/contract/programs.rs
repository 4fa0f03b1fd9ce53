//! How the tests find and run programs of other languages.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A program that an environment variable names, because it need not be on the path.
pub(crate) fn program(name: &str) -> Command {
    match std::env::var_os(name) {
        Some(program) => Command::new(program),
        None => panic!("{name} is not set: `cargo xtask test` sets it to the path of the program"),
    }
}

/// The output of a program, without the line feed at its end.
pub(crate) fn stdout_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
