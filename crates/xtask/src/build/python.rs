//! The Python package, in `dist/python/`: a wheel and a source distribution.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{files, project::Project, setup, steps};

/// The folder of its sources.
pub(crate) const SOURCES: &str = "crates/client/python";

/// The output folder.
fn out_dir(project: &Project) -> PathBuf {
    project.root.join("dist/python")
}

/// `cargo xtask wheel`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    if let Some(arg) = args.next()? {
        return Err(arg.unexpected().into());
    }
    let project = Project::load()?;
    build(&project, &setup::python_client_venv(&project)?)
}

/// Builds both with the programs of the venv.
pub(crate) fn build(project: &Project, venv: &Path) -> Result<()> {
    let out = out_dir(project);
    files::remove(&out)?;
    let mut python = Command::new(venv.join("python"));
    python.args(["-m", "build", "--no-isolation", "--outdir"]).arg(&out).arg(project.root.join(SOURCES));
    steps::logged("build the Python package", &project.scratch()?.join("python-build.log"), &mut python)
}
