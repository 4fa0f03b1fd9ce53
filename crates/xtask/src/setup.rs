//! Installs missing tools, and says which of them take minutes: `cargo xtask setup`.

mod bare_root;
mod cargo_tools;
mod nightly;
mod npm;
mod program;
mod python;
mod root;

use std::{
    fs::{self, File, TryLockError},
    path::PathBuf,
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result};
pub(crate) use bare_root::bare_root;
pub(crate) use nightly::{CHOICE as PANICS, nightly};
pub(crate) use npm::{bundlers, packages};
pub(crate) use program::{CADDY, CHROMIUM, DEBOOTSTRAP, FIREFOX, NCHAN, NGINX, REDIS, SYSTEMD_ANALYZE};
pub(crate) use python::{python_client_venv, python_venv, s3_server};

use crate::{
    project::{self, Project},
    steps,
};

/// The target of the crates that run in browsers and at the edge.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// The programs that a build uses.
pub(crate) struct Tools {
    /// Has exactly the version of the `wasm-bindgen` crate.
    pub(crate) wasm_bindgen: PathBuf,
    /// Bundles a worker that is written in Rust.
    pub(crate) worker_build: PathBuf,
    /// One line with all versions, for fingerprints.
    pub(crate) versions: String,
}

/// `cargo xtask setup [--browser] [--python] [--server]`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    let (mut browser, mut python, mut server) = (false, false, false);
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("browser") => browser = true,
            lexopt::Arg::Long("python") => python = true,
            lexopt::Arg::Long("server") => server = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let project = Project::load()?;
    tools(&project)?;
    if browser {
        for browser in [CHROMIUM, FIREFOX] {
            steps::note(&format!("browser: {}", browser.path(&project)?.display()));
        }
    }
    if python {
        for venv in [python_venv(&project)?, python_client_venv(&project)?] {
            steps::note(&format!("Python venv: {}", venv.display()));
        }
        steps::note(&format!("S3 server: {}", s3_server(&project)?.display()));
        steps::note(&format!("Redis: {}", REDIS.path(&project)?.display()));
    }
    if server {
        for proxy in [NGINX, CADDY] {
            steps::note(&format!("proxy: {}", proxy.path(&project)?.display()));
        }
        if cfg!(target_os = "linux") {
            steps::note(&format!("systemd-analyze: {}", SYSTEMD_ANALYZE.path(&project)?.display()));
            steps::note(&format!("root file system: {}", bare_root(&project)?.display()));
        }
    }
    Ok(())
}

/// Installs the tools that a build needs. It takes milliseconds if they are installed.
pub(crate) fn tools(project: &Project) -> Result<Tools> {
    let started = Instant::now();
    wasm_target(project)?;
    npm::packages(project)?;
    let [wasm_bindgen, worker_build] = cargo_tools::all(project)?;
    let rustc = steps::output(Command::new("rustc").arg("--version").current_dir(&project.root))?;
    let versions = format!("{rustc}, {wasm_bindgen}, {worker_build}, {}", npm::fingerprint(project, &project.root)?);
    steps::done("build tools are installed", started);
    Ok(Tools { wasm_bindgen: wasm_bindgen.program, worker_build: worker_build.program, versions })
}

/// Whether the tools that cargo builds are installed.
pub(crate) fn has_cargo_tools(project: &Project) -> Result<bool> {
    cargo_tools::are_installed(project)
}

/// Adds the wasm target to the default toolchain.
pub(crate) fn wasm_target(project: &Project) -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--target", WASM, "--print", "target-libdir"]).current_dir(&project.root);
    if PathBuf::from(steps::output(&mut rustc)?).is_dir() {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", WASM]).current_dir(&project.root);
    let log = project.scratch()?.join("rustup.log");
    steps::logged(&format!("add the {WASM} target"), &log, &mut rustup).with_context(|| {
        format!("rustup cannot add the target {WASM}; without rustup, install the target with the package of your Rust")
    })
}

/// Locks the tools' cache for this process until the file is dropped.
fn lock_cache() -> Result<File> {
    let path = project::cache()?.join("lock");
    let file = fs::OpenOptions::new().create(true).append(true).open(&path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            steps::note("waiting for another setup to finish");
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    Ok(file)
}
