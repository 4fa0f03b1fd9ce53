//! What a reviewer should not have to look for: `cargo xtask check`.

use crate::fingerprint::entries;
use crate::project::{self, Project};
use crate::{build, setup, steps};
use anyhow::Result;
use std::process::Command;

/// Crates that only live where wasm runs.
const WASM_CRATES: &[&str] = &["edge", "client", "widget", "element"];

/// Crates that are no native programs at all.
const NEVER_NATIVE: &[&str] = &["edge", "widget", "element"];

/// Where our scripts are.
const SCRIPTS: &[&str] = &[
    "crates/edge/src",
    "crates/client/js",
    "crates/widget/js",
    "crates/widget/panel",
    "crates/element/js",
    "crates/element/npm",
    "www",
    "tests",
];

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
    native.args(["clippy", "--workspace", "--all-targets", "--features", "engine/schema"]);
    native.args(NEVER_NATIVE.iter().flat_map(|name| ["--exclude", name]));
    steps::shown("clippy, native crates", native.args(["--", "--deny", "warnings"]))?;

    let mut wasm = cargo(&project);
    wasm.args(["clippy", "--target", setup::WASM]);
    wasm.args(WASM_CRATES.iter().flat_map(|name| ["--package", name]));
    steps::shown("clippy, wasm crates", wasm.args(["--", "--deny", "warnings"]))?;

    let mut tested = cargo(&project);
    tested.args(["clippy", "--target", setup::WASM, "--package", "edge", "--features", build::TESTED]);
    steps::shown("clippy, the worker for tests", tested.args(["--", "--deny", "warnings"]))?;

    steps::step("syntax of the scripts", || scripts(&project))?;

    steps::shown("tidy", cargo(&project).args(["test", "--quiet", "--package", "xtask"]))
}

/// Lets esbuild read every script we ship or run; what it makes of them is thrown away.
fn scripts(project: &Project) -> Result<()> {
    let mut esbuild = project.npm_command("esbuild")?;
    for folder in SCRIPTS {
        let mut open = vec![project.root.join(folder)];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(entries(&path)?);
            } else if path.extension().is_some_and(|extension| extension == "js" || extension == "mjs") {
                esbuild.arg(path);
            }
        }
    }
    let out = project.scratch()?.join("scripts");
    esbuild.args(["--format=esm", "--log-level=warning"]).arg(format!("--outdir={}", out.display()));
    steps::output(&mut esbuild).map(drop)
}

fn cargo(project: &Project) -> Command {
    let mut cargo = Command::new(project::cargo());
    cargo.current_dir(&project.root);
    cargo
}
