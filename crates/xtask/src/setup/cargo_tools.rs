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
    let wasm_bindgen = project.locked_version("wasm-bindgen")?;
    let target = project.scratch()?.join("tools");
    let tools = [
        find_or_install(project, &target, "wasm-bindgen-cli", "wasm-bindgen", wasm_bindgen)?,
        find_or_install(project, &target, "worker-build", "worker-build", WORKER_BUILD.to_owned())?,
    ];
    // The two tools share dependencies, which were built once there. They are not needed any more.
    files::remove(&target)?;
    Ok(tools)
}

fn find_or_install(
    project: &Project,
    target: &Path,
    name: &'static str,
    program: &'static str,
    version: String,
) -> Result<Tool> {
    let dir = project::cache()?.join("tools").join(format!("{name}-{version}"));
    let cached = dir.join("bin").join(program);
    let tool = |program| Tool { name, version: version.clone(), program };
    if cached.is_file() {
        return Ok(tool(cached));
    }
    if let Some(found) = project::on_path(program).filter(|found| is_version(found, &version)) {
        return Ok(tool(found));
    }
    let _lock = lock_cache()?;
    if !cached.is_file() {
        install(project, target, name, &version, &dir)?;
    }
    Ok(tool(cached))
}

fn is_version(program: &Path, version: &str) -> bool {
    let output = steps::output(Command::new(program).arg("--version"));
    output.is_ok_and(|output| output.split_whitespace().any(|word| word == version))
}

/// Builds in a temporary folder and renames it, so that the cache never contains an incomplete tool.
fn install(project: &Project, target: &Path, name: &str, version: &str, dir: &Path) -> Result<()> {
    let mut temporary = dir.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", process::id()));
    let temporary = PathBuf::from(temporary);
    let log = project.scratch()?.join(format!("install-{name}.log"));
    let step = format!("build {name} {version}, only once on this machine");
    let cargo = |locked: &[&str]| {
        let mut cargo = Command::new(project::cargo());
        cargo.args(["install", name, "--version", version, "--root"]).arg(&temporary).args(locked);
        cargo.env("CARGO_TARGET_DIR", target);
        // A tool that runs for a second need not be optimised for minutes.
        cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "off");
        cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16").env("CARGO_PROFILE_RELEASE_DEBUG", "0");
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
