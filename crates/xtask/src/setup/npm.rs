//! The JavaScript tools that package.json pins, and a look at whether they run.

use super::lock_cache;
use crate::fingerprint::Fingerprint;
use crate::project::{self, Project};
use crate::steps;
use anyhow::{Context, Result, bail};
use std::fs;
use std::process::Command;

/// Programs that an install script completes, each with the folder of its package.
///
/// npm may hold such scripts back. Then they are run by name, which changes nothing else.
const COMPLETED_BY_SCRIPT: &[(&str, &str, &str)] = &[
    ("node", "node_modules/node", "installArchSpecificPackage.js"),
    ("esbuild", "node_modules/esbuild", "install.js"),
    ("workerd", "node_modules/workerd", "install.js"),
];

/// Installs the packages unless those of this lock file are there.
pub(crate) fn packages(project: &Project) -> Result<()> {
    let stamp = project.root.join("node_modules/.installed");
    let wanted = fingerprint(project)?;
    let installed = || fs::read_to_string(&stamp).is_ok_and(|made| made == wanted);
    if installed() {
        return Ok(());
    }
    let _lock = lock_cache()?;
    if installed() {
        return Ok(());
    }
    let npm = project::on_path("npm").context("npm is missing: install Node.js 20 or newer")?;
    let mut ci = Command::new(npm);
    ci.args(["ci", "--no-audit", "--no-fund"]).current_dir(&project.root);
    steps::logged("install the npm packages", &project.scratch()?.join("npm.log"), &mut ci)?;
    for (program, dir, script) in COMPLETED_BY_SCRIPT {
        if runs(project, program) {
            continue;
        }
        let mut node = Command::new("node");
        node.arg(script).current_dir(project.root.join(dir));
        let log = project.scratch()?.join(format!("npm-{program}.log"));
        steps::logged(&format!("complete {program}"), &log, &mut node)?;
        if !runs(project, program) {
            bail!("{program} does not run although npm installed it: try `{program} --version` in node_modules/.bin");
        }
    }
    fs::write(stamp, wanted)?;
    Ok(())
}

fn runs(project: &Project, program: &str) -> bool {
    let version = project.npm_command(program).and_then(|mut command| steps::output(command.arg("--version")));
    version.is_ok()
}

/// What is installed, as the lock file has it.
pub(super) fn fingerprint(project: &Project) -> Result<String> {
    let mut fingerprint = Fingerprint::of("npm");
    fingerprint.add(&project.root.join("package-lock.json"))?;
    Ok(fingerprint.finish())
}
