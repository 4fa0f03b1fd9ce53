//! The nightly toolchain, which can build a worker whose panics unwind, together with its standard library.
//!
//! Without nightly the worker is built too; a panic then ends the whole instance, not only one request.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use super::WASM;
use crate::{project::Project, steps};

/// The name by which worker-build calls the toolchain.
const TOOLCHAIN: &str = "nightly";

/// The environment variable that demands what a panic does: `unwind` or `abort`.
pub(crate) const CHOICE: &str = "WORKER_PANIC";

/// The version of a nightly that can build a worker whose panics unwind, or the reason why there is none.
///
/// # Errors
///
/// When `WORKER_PANIC=unwind` demands one and there is none.
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
    // The list is searched first, because running a toolchain that is not installed may install it.
    let installed = steps::output(Command::new("rustup").args(["toolchain", "list"])).map_err(|_| "no rustup")?;
    if !installed.lines().any(|line| line.starts_with("nightly-")) {
        return Err("no nightly toolchain".to_owned());
    }
    let rustc = |arguments: &[&str]| {
        let mut rustc = Command::new("rustc");
        rustc.arg(format!("+{TOOLCHAIN}")).args(arguments).current_dir(&project.root);
        steps::output(&mut rustc)
            .map(|output| output.trim().to_owned())
            .map_err(|_| "the nightly toolchain does not run")
    };
    let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?);
    add(project, &sysroot.join("lib/rustlib/src/rust/library/std"), &["component", "add", "rust-src"])?;
    add(project, &sysroot.join("lib/rustlib").join(WASM).join("lib"), &["target", "add", WASM])?;
    // `rustc 1.97.0-nightly (e50aa6fba 2026-05-19)`; the date distinguishes nightlies.
    Ok(rustc(&["--version"])?)
}

/// Adds a component or a target to the toolchain unless `place` exists.
fn add(project: &Project, place: &Path, what: &[&str]) -> std::result::Result<(), String> {
    if place.is_dir() {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    rustup.args(what).args(["--toolchain", TOOLCHAIN]).current_dir(&project.root);
    let what = what.last().copied().unwrap_or_default();
    let log = project.scratch().map_err(|error| error.to_string())?.join("rustup.log");
    steps::logged(&format!("add {what} to the nightly toolchain"), &log, &mut rustup)
        .map_err(|_| format!("the nightly toolchain lacks {what}, and rustup cannot add it"))
}
