//! The nightly toolchain, for a worker whose panics unwind: its standard library is built anew with it.
//!
//! Without one the worker is built all the same; a panic costs the whole instance then, and not one request alone.

use super::WASM;
use crate::project::Project;
use crate::steps;
use anyhow::Result;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What worker-build calls it.
const TOOLCHAIN: &str = "nightly";

/// Says how panics are to end, for those who must have the one or the other: `unwind` or `abort`.
pub(crate) const CHOICE: &str = "WORKER_PANIC";

/// The version of a nightly that can build a worker whose panics unwind, or why there is none.
///
/// # Errors
/// When one is demanded and there is none.
pub(crate) fn nightly(project: &Project) -> Result<std::result::Result<String, String>> {
    let choice = env::var(CHOICE).unwrap_or_default();
    if choice == "abort" {
        return Ok(Err(format!("{CHOICE}=abort")));
    }
    match find(project) {
        Err(why) if choice == "unwind" => anyhow::bail!("{CHOICE}=unwind, but {why}"),
        found => Ok(found),
    }
}

fn find(project: &Project) -> std::result::Result<String, String> {
    // Looked for in the list, since to call a toolchain that is not there may install it.
    let installed = steps::output(Command::new("rustup").args(["toolchain", "list"])).map_err(|_| "no rustup")?;
    if !installed.lines().any(|line| line.starts_with("nightly-")) {
        return Err("no nightly toolchain".to_owned());
    }
    let rustc = |arguments: &[&str]| {
        let mut rustc = Command::new("rustc");
        rustc.arg(format!("+{TOOLCHAIN}")).args(arguments).current_dir(&project.root);
        steps::output(&mut rustc).map(|said| said.trim().to_owned()).map_err(|_| "the nightly toolchain does not run")
    };
    let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?);
    add(project, &sysroot.join("lib/rustlib/src/rust/library/std"), &["component", "add", "rust-src"])?;
    add(project, &sysroot.join("lib/rustlib").join(WASM).join("lib"), &["target", "add", WASM])?;
    // `rustc 1.97.0-nightly (e50aa6fba 2026-05-19)`; the date tells one nightly from another.
    Ok(rustc(&["--version"])?)
}

/// Adds to the toolchain what it lacks.
fn add(project: &Project, place: &Path, what: &[&str]) -> std::result::Result<(), String> {
    if place.is_dir() {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    rustup.args(what).args(["--toolchain", TOOLCHAIN]).current_dir(&project.root);
    let what = what.last().copied().unwrap_or_default();
    let log = project.scratch().map_err(|error| error.to_string())?.join("rustup.log");
    steps::logged(&format!("add {what} to the nightly toolchain"), &log, &mut rustup)
        .map_err(|_| format!("the nightly toolchain lacks {what}, and it cannot be added"))
}
