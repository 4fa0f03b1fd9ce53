//! Tools that cargo builds, each in a folder of the cache named for its version.

use super::lock_cache;
use crate::files;
use crate::project::{self, Project};
use crate::steps;
use anyhow::{Context, Result};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

/// The release that fits the `worker` crate and was tried with it.
const WORKER_BUILD: &str = "0.8.7";

/// What the tools' own dependencies want from the system.
const NEEDS: &str = "a C compiler, pkg-config and the headers of OpenSSL are needed \
                     (Debian: apt-get install build-essential pkg-config libssl-dev)";

/// A program at a version.
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

/// wasm-bindgen, which refuses all but the version of its crate in Cargo.lock, and worker-build.
pub(super) fn all(project: &Project) -> Result<[Tool; 2]> {
    let wasm_bindgen = project.locked_version("wasm-bindgen")?;
    let workshop = project.scratch()?.join("tools");
    let tools = [
        find_or_install(project, &workshop, "wasm-bindgen-cli", "wasm-bindgen", wasm_bindgen)?,
        find_or_install(project, &workshop, "worker-build", "worker-build", WORKER_BUILD.to_owned())?,
    ];
    // What the two have in common was built once there; nobody needs it any more.
    files::remove(&workshop)?;
    Ok(tools)
}

fn find_or_install(
    project: &Project,
    workshop: &Path,
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
        install(project, workshop, name, &version, &dir)?;
    }
    Ok(tool(cached))
}

fn is_version(program: &Path, version: &str) -> bool {
    let said = steps::output(Command::new(program).arg("--version"));
    said.is_ok_and(|said| said.split_whitespace().any(|word| word == version))
}

/// Builds aside and renames, so that the cache never holds half a tool.
fn install(project: &Project, workshop: &Path, name: &str, version: &str, dir: &Path) -> Result<()> {
    let mut aside = dir.as_os_str().to_owned();
    aside.push(format!(".{}.tmp", process::id()));
    let aside = PathBuf::from(aside);
    let log = project.scratch()?.join(format!("install-{name}.log"));
    let step = format!("build {name} {version}, once for this machine");
    let cargo = |locked: &[&str]| {
        let mut cargo = Command::new(project::cargo());
        cargo.args(["install", name, "--version", version, "--root"]).arg(&aside).args(locked);
        cargo.env("CARGO_TARGET_DIR", workshop);
        // A tool that runs for a second need not be optimised for minutes.
        cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "off");
        cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16").env("CARGO_PROFILE_RELEASE_DEBUG", "0");
        // Flags for our own crates are none of the tools' business.
        cargo.env_remove("RUSTFLAGS").current_dir(&aside);
        cargo
    };
    fs::create_dir_all(&aside)?;
    let installed = steps::logged(&step, &log, &mut cargo(&["--locked"])).or_else(|error| {
        if crate::process::interrupted() {
            return Err(error);
        }
        // The versions a release was locked to may be gone from the registry.
        steps::note("not with the versions it was locked to; trying newer ones");
        steps::logged(&step, &log, &mut cargo(&[]))
    });
    if let Err(error) = installed {
        files::remove(&aside)?;
        return Err(error).context(NEEDS);
    }
    files::remove(dir)?;
    fs::rename(&aside, dir).with_context(|| format!("cannot make {}", dir.display()))
}
