//! Tools that cargo builds, each in a folder of the cache that is named for its version.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use anyhow::{Context, Result};

use super::lock_cache;
use crate::{
    files,
    project::{self, Project},
    steps,
};

/// The release that fits the `worker` crate and was tested with it.
const WORKER_BUILD: &str = "0.8.7";

/// What the dependencies of the tools need from the system.
const NEEDS: &str = "a C compiler, pkg-config and the headers of OpenSSL are needed \
                     (Debian: apt-get install build-essential pkg-config libssl-dev)";

/// A program of a certain version.
pub(super) struct Tool {
    name: &'static str,
    version: String,
    pub(super) program: PathBuf,
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// wasm-bindgen, which accepts only the version of its crate in Cargo.lock, and worker-build.
pub(super) fn all(project: &Project) -> Result<[Tool; 2]> {
    let target = project.scratch()?.join("tools");
    let [wasm_bindgen, worker_build] = wanted(project)?;
    let tools = [find_or_install(project, &target, wasm_bindgen)?, find_or_install(project, &target, worker_build)?];
    // The two tools share dependencies, which were built once there. They are not needed any more.
    files::remove(&target)?;
    Ok(tools)
}

/// Whether both are there.
pub(super) fn are_installed(project: &Project) -> Result<bool> {
    Ok(wanted(project)?.iter().all(|tool| tool.find().is_some()))
}

/// Both, each as it is in the cache.
fn wanted(project: &Project) -> Result<[Tool; 2]> {
    let tools = project::cache()?.join("tools");
    let tool = |name, program, version: String| {
        let program = tools.join(format!("{name}-{version}")).join("bin").join(program);
        Tool { name, version, program }
    };
    let wasm_bindgen = tool("wasm-bindgen-cli", "wasm-bindgen", project.locked_version("wasm-bindgen")?);
    Ok([wasm_bindgen, tool("worker-build", "worker-build", WORKER_BUILD.to_owned())])
}

impl Tool {
    /// The program in the cache or in `PATH`.
    fn find(&self) -> Option<PathBuf> {
        if self.program.is_file() {
            return Some(self.program.clone());
        }
        project::on_path(self.program.file_name()?.to_str()?).filter(|found| is_version(found, &self.version))
    }
}

fn find_or_install(project: &Project, target: &Path, tool: Tool) -> Result<Tool> {
    if let Some(program) = tool.find() {
        return Ok(Tool { program, ..tool });
    }
    let _lock = lock_cache()?;
    if !tool.program.is_file() {
        install(project, target, &tool)?;
    }
    Ok(tool)
}

fn is_version(program: &Path, version: &str) -> bool {
    let output = steps::output(Command::new(program).arg("--version"));
    output.is_ok_and(|output| output.split_whitespace().any(|word| word == version))
}

/// Builds in a temporary folder and renames it, so that the cache never contains an incomplete tool.
fn install(project: &Project, target: &Path, tool: &Tool) -> Result<()> {
    let Tool { name, version, program } = tool;
    let dir = program.parent().and_then(Path::parent).context("a tool is in no folder")?;
    let program = program.file_name().unwrap_or_default();
    let mut temporary = dir.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", process::id()));
    let temporary = PathBuf::from(temporary);
    let log = project.scratch()?.join(format!("install-{name}.log"));
    let step = format!("build {name} {version}, only once on this machine");
    let cargo = |locked: &[&str]| {
        let mut cargo = Command::new(project::cargo());
        cargo.args(["install", name, "--version", version, "--bin"]).arg(program);
        cargo.arg("--root").arg(&temporary).args(locked);
        // A tool that runs for a second need not be optimised for minutes.
        cargo.args(["--profile", "dev"]).env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
        cargo.env("CARGO_TARGET_DIR", target);
        // RUSTFLAGS are meant for our own crates.
        cargo.env_remove("RUSTFLAGS").current_dir(&temporary);
        cargo
    };
    fs::create_dir_all(&temporary)?;
    let installed = steps::logged(&step, &log, &mut cargo(&["--locked"])).or_else(|error| {
        if crate::process::interrupted() {
            return Err(error);
        }
        // Versions of the lock file may have been removed from the registry.
        steps::note("cannot install it with its locked dependencies; trying newer ones");
        steps::logged(&step, &log, &mut cargo(&[]))
    });
    if let Err(error) = installed {
        files::remove(&temporary)?;
        return Err(error).context(NEEDS);
    }
    files::remove(dir)?;
    fs::rename(&temporary, dir).with_context(|| format!("cannot create {}", dir.display()))
}
