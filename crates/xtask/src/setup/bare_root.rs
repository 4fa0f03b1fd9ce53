//! The root file system of a container for the tests of the server: Debian with its essential packages.

use std::{
    fs::{self, File},
    path::PathBuf,
};

use anyhow::{Context, Result};

use super::{DEBOOTSTRAP, lock_cache, root};
use crate::{
    project::{self, Project},
    steps,
};

/// The folder of a bare root file system of the release that this machine has, whose C library runs what was built here. It is
/// made at the first call.
pub(crate) fn bare_root(project: &Project) -> Result<PathBuf> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let codename =
        codename.context("the tests of the server need a system of which debootstrap can install the release")?;
    let dir = project::cache()?.join("tools").join(format!("root-{codename}"));
    let complete = dir.with_extension("complete");
    let _lock = lock_cache()?;
    if complete.is_file() {
        return Ok(dir);
    }
    let program = DEBOOTSTRAP.path(project)?;
    let needed = "the tests of the server in a container need root, or a `sudo` that asks for no password";
    let mut remove = root::command("rm").context(needed)?;
    // What an interrupted call has left.
    steps::output(remove.arg("-rf").arg(&dir))?;
    let mut debootstrap = root::command(&program.to_string_lossy()).context(needed)?;
    debootstrap.args(["--variant=minbase", codename]).arg(&dir);
    let log = project.scratch()?.join("debootstrap.log");
    steps::logged("make a bare root file system (a minute, 206 MB)", &log, &mut debootstrap)?;
    File::create(&complete)?;
    Ok(dir)
}
