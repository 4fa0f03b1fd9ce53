//! Static checks, so that no reviewer has to look for these faults: `cargo xtask check`.

use std::process::Command;

use anyhow::Result;

use crate::{
    build,
    project::{self, Project},
    setup, steps,
};

/// Crates that run as wasm.
const WASM_CRATES: &[&str] = &["edge", "client", "widget", "element"];

/// Crates that do not build natively.
const NEVER_NATIVE: &[&str] = &["edge", "widget", "element"];

/// `cargo xtask check`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    if let Some(arg) = args.next()? {
        return Err(arg.unexpected().into());
    }
    let project = Project::load()?;
    setup::wasm_target(&project)?;
    setup::packages(&project)?;

    steps::shown("format", cargo(&project).args(["fmt", "--all", "--check"]))?;

    let mut native = cargo(&project);
    native.args(["clippy", "--workspace", "--all-targets", "--features", "engine/schema,server/executable"]);
    native.args(NEVER_NATIVE.iter().flat_map(|name| ["--exclude", name]));
    steps::shown("clippy, native crates", native.args(["--", "--deny", "warnings"]))?;

    let mut wasm = cargo(&project);
    wasm.args(["clippy", "--target", setup::WASM]);
    wasm.args(WASM_CRATES.iter().flat_map(|name| ["--package", name]));
    steps::shown("clippy, wasm crates", wasm.args(["--", "--deny", "warnings"]))?;

    let mut tested = cargo(&project);
    tested.args(["clippy", "--target", setup::WASM, "--package", "edge", "--features", build::TESTED]);
    steps::shown("clippy, the worker for tests", tested.args(["--", "--deny", "warnings"]))?;

    // They run only under nightly with libFuzzer, whose path makes its crate skip compiling it; a check links nothing.
    let mut fuzzed = cargo(&project);
    fuzzed.args(["clippy", "--manifest-path", "tests/fuzz/Cargo.toml", "--target-dir", "target/fuzz"]);
    fuzzed.env("CUSTOM_LIBFUZZER_PATH", "/dev/null");
    steps::shown("clippy, the fuzz targets", fuzzed.args(["--", "--deny", "warnings"]))?;

    // Its settings are in .biome.json.
    steps::shown("JavaScript: format and lint", project.npm_command("biome")?.args(["check", "--error-on-warnings"]))?;

    steps::shown("tidy", cargo(&project).args(["test", "--quiet", "--package", "xtask"]))
}

fn cargo(project: &Project) -> Command {
    let mut cargo = Command::new(project::cargo());
    cargo.current_dir(&project.root);
    cargo
}
