//! The Python of the tests: venvs in the cache, made from files of pinned requirements.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::lock_cache;
use crate::{
    fingerprint::Fingerprint,
    project::{self, Project},
    steps,
};

/// The files of the packages that the tests of the server need.
const REQUIREMENTS: &[&str] = &[
    "tests/schemathesis/requirements.txt",
    "tests/minting/requirements.txt",
    "tests/receivers/requirements.txt",
    "tests/clients/requirements.txt",
];

/// The file of the packages that build, check and test our own Python package.
const CLIENT_REQUIREMENTS: &[&str] = &["crates/client/python/requirements-test.txt"];

/// The file of the S3 server of the tests of a cluster.
const S3_REQUIREMENTS: &[&str] = &["tests/bench/requirements.txt"];

/// Prints the version, and fails if it is too old.
const OLD_ENOUGH: &str = "import sys, venv; print(sys.version); sys.exit(sys.version_info < (3, 9))";

/// The folder with the programs of the venv in which programs of users run: libraries that read streams, mint tokens and
/// receive webhooks, and schemathesis.
pub(crate) fn python_venv(project: &Project) -> Result<PathBuf> {
    venv(project, REQUIREMENTS)
}

/// The folder with the programs of the venv in which our own Python package is built, checked and tested. It is another one
/// because the package must work without the libraries of the first.
pub(crate) fn python_client_venv(project: &Project) -> Result<PathBuf> {
    venv(project, CLIENT_REQUIREMENTS)
}

/// The program of the S3 server over which the tests run a cluster.
pub(crate) fn s3_server(project: &Project) -> Result<PathBuf> {
    Ok(venv(project, S3_REQUIREMENTS)?.join("moto_server"))
}

/// Makes a venv at the first call, and again when its requirements change.
fn venv(project: &Project, requirements: &[&str]) -> Result<PathBuf> {
    let requirements: Vec<PathBuf> = requirements.iter().map(|file| project.root.join(file)).collect();
    let Some(python) = project::on_path("python3") else {
        bail!("this test needs Python 3.9 or newer with venv");
    };
    let version = steps::output(Command::new(&python).args(["-c", OLD_ENOUGH]));
    let version = version.context("this test needs Python 3.9 or newer with venv")?;
    let mut fingerprint = Fingerprint::new(project, &version);
    for file in &requirements {
        fingerprint.add_as("requirements", &fs::read(file)?);
    }
    let key: String = fingerprint.finish().chars().take(16).collect();
    // A venv contains its own path and cannot be renamed, so a file inside of it marks that it is complete.
    let dir = project::cache()?.join("tools").join(format!("python-{key}"));
    let complete = dir.join("complete");
    if complete.is_file() {
        return Ok(dir.join("bin"));
    }
    let _lock = lock_cache()?;
    if !complete.is_file() {
        make(project, &python, &dir, &requirements)?;
        fs::write(complete, "")?;
    }
    Ok(dir.join("bin"))
}

fn make(project: &Project, python: &Path, dir: &Path, requirements: &[PathBuf]) -> Result<()> {
    let log = project.scratch()?.join("python.log");
    let mut venv = Command::new(python);
    venv.args(["-m", "venv", "--clear"]).arg(dir);
    steps::logged("make a Python venv", &log, &mut venv)
        .context("is the venv module installed? (Debian: apt-get install python3-venv)")?;
    let mut pip = Command::new(dir.join("bin/pip"));
    pip.args(["install", "--disable-pip-version-check"]);
    for file in requirements {
        pip.arg("--requirement").arg(file);
    }
    steps::logged("install the Python packages", &log, &mut pip)
}
