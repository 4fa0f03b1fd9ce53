//! Builds the server as one executable for this platform: `cargo xtask dist`.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Command,
};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

use crate::{
    build, files,
    project::{self, Project},
    setup, steps,
    workerd::{self, Flavor},
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
    // Below the folder in which the launcher runs it.
    let flavor = Flavor { assets: "assets", raised: false, gc: false };
    workerd::configure(project, &project.bundle(), &dir, &flavor)?;
    let runtime = dir.join("runtime");
    let mut compile = project.npm_command("workerd")?;
    compile.arg("compile").arg(dir.join("config.capnp")).stdout(File::create(&runtime)?);
    let status = compile.status().context("cannot run workerd")?;
    anyhow::ensure!(status.success(), "`workerd compile` failed ({status})");
    make_executable(&runtime)?;

    let out = project.root.join("dist/server");
    fs::create_dir_all(&out)?;
    let (executable, release) = (out.join(NAME), project.target.join("release"));
    let mut pack = Command::new(release.join("job-progress-pack"));
    pack.args([&executable, &release.join(NAME), &runtime, &project.root.join("dist/assets")]);
    steps::logged("pack the server", &scratch.join("pack.log"), &mut pack)?;
    make_executable(&executable)?;
    files::remove(&dir)?;

    let hash: String = Sha256::digest(fs::read(&executable)?).iter().map(|byte| format!("{byte:02x}")).collect();
    // The format of `sha256sum --check`.
    fs::write(out.join(format!("{NAME}.sha256")), format!("{hash}  {NAME}\n"))?;
    Ok(executable)
}

fn make_executable(file: &PathBuf) -> Result<()> {
    Ok(fs::set_permissions(file, fs::Permissions::from_mode(0o755))?)
}
