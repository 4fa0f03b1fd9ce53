//! Builds the server as one executable for this platform: `cargo xtask dist`.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

use crate::{
    build, files,
    project::{self, Project},
    setup, steps,
    workerd::{self, ConfigOptions},
};

/// The name of the executable.
const NAME: &str = "job-progress";

/// `cargo xtask dist`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    if let Some(arg) = args.next()? {
        return Err(arg.unexpected().into());
    }
    let project = Project::load()?;
    let tools = setup::tools(&project)?;
    build::all(&project, &tools)?;
    let executable = build(&project)?;
    println!("{}", executable.display());
    Ok(())
}

/// Builds `dist/server/job-progress` from what `cargo xtask build` has built, and the file with its checksum.
pub(crate) fn build(project: &Project) -> Result<PathBuf> {
    let scratch = project.scratch()?;
    let mut cargo = Command::new(project::cargo());
    cargo.args(["build", "--release", "--package", "server", "--features", "executable"]).current_dir(&project.root);
    steps::logged("build the launcher of the server", &scratch.join("launcher.log"), &mut cargo)?;

    let dir = scratch.join("dist");
    files::remove(&dir)?;
    for clustered in [false, true] {
        // Below the folder in which the launcher runs it.
        let config = ConfigOptions { assets: "assets", raised: false, gc: false, clustered };
        workerd::configure(project, &project.bundle(), &dir, &config)?;
    }
    let runtime = runtime(project)?;

    let out = project.root.join("dist/server");
    fs::create_dir_all(&out)?;
    let (executable, release) = (out.join(NAME), project.target.join("release"));
    let mut pack = Command::new(release.join("job-progress-pack"));
    pack.args([&executable, &release.join(NAME), &runtime, &dir, &project.root.join("dist/assets")]);
    steps::logged("pack the server", &scratch.join("pack.log"), &mut pack)?;
    make_executable(&executable)?;
    files::remove(&dir)?;

    let hash: String = Sha256::digest(fs::read(&executable)?).iter().map(|byte| format!("{byte:02x}")).collect();
    // The format of `sha256sum --check`.
    fs::write(out.join(format!("{NAME}.sha256")), format!("{hash}  {NAME}\n"))?;
    Ok(executable)
}

/// The program workerd for this platform: what npm has put on its path may be a script that starts it.
fn runtime(project: &Project) -> Result<PathBuf> {
    let mut node = project.npm_command("node")?;
    node.args(["--print", "require('workerd').default"]);
    let path = steps::output(&mut node).context("cannot find workerd")?;
    Ok(PathBuf::from(path.trim_end()))
}

fn make_executable(file: &PathBuf) -> Result<()> {
    Ok(fs::set_permissions(file, fs::Permissions::from_mode(0o755))?)
}
