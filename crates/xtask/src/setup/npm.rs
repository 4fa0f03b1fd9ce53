//! The JavaScript tools that package.json pins: installs them and checks that they run.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::lock_cache;
use crate::{
    fingerprint::Fingerprint,
    project::{self, Project},
    steps,
};

/// Programs that an install script completes, each with the folder of its package and the script.
///
/// npm may refuse to run such scripts. Then this program runs them.
const COMPLETED_BY_SCRIPT: &[(&str, &str, &str)] = &[
    ("node", "node_modules/node", "installArchSpecificPackage.js"),
    ("esbuild", "node_modules/esbuild", "install.js"),
    ("workerd", "node_modules/workerd", "install.js"),
];

/// The folder of the bundlers that only the tests of the npm package use. They are larger than all other packages together.
const BUNDLERS: &str = "tests/package";

/// Installs the packages that builds and most tests need, unless those of the lock file are installed.
pub(crate) fn packages(project: &Project) -> Result<()> {
    packages_of(project, &project.root, COMPLETED_BY_SCRIPT)
}

/// Installs the bundlers of [`BUNDLERS`] likewise.
pub(crate) fn bundlers(project: &Project) -> Result<()> {
    packages_of(project, &project.root.join(BUNDLERS), &[])
}

fn packages_of(project: &Project, dir: &Path, completed_by_script: &[(&str, &str, &str)]) -> Result<()> {
    let stamp = dir.join("node_modules/.installed");
    let wanted = fingerprint(project, dir)?;
    let installed = || fs::read_to_string(&stamp).is_ok_and(|made| made == wanted);
    if installed() {
        return Ok(());
    }
    let _lock = lock_cache()?;
    if installed() {
        return Ok(());
    }
    // The user may have run `npm ci`, and wrangler may have started this build: its folder must not be emptied then.
    if !has_installed(dir)? {
        let npm = project::on_path("npm").context("npm is missing: install Node.js 20 or newer")?;
        let mut ci = Command::new(npm);
        ci.args(["ci", "--no-audit", "--no-fund"]).current_dir(dir);
        steps::logged("install the npm packages", &project.scratch()?.join("npm.log"), &mut ci)?;
    }
    for (program, dir, script) in completed_by_script {
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

/// Whether npm has installed the packages of the lock file. npm keeps a list of installed packages in the same format.
fn has_installed(dir: &Path) -> Result<bool> {
    let read = |file: &str| -> Result<Value> { Ok(serde_json::from_slice(&fs::read(dir.join(file))?)?) };
    let wanted = read("package-lock.json").context("package-lock.json cannot be read")?;
    Ok(read("node_modules/.package-lock.json").is_ok_and(|installed| holds(&installed, &wanted)))
}

fn holds(installed: &Value, wanted: &Value) -> bool {
    let packages = |lock: &Value| lock.get("packages").and_then(Value::as_object).cloned().unwrap_or_default();
    let installed = packages(installed);
    packages(wanted).iter().all(|(path, package)| match installed.get(path) {
        Some(found) => found.get("version") == package.get("version"),
        // The package `` is the project itself; an optional package may be for another system.
        None => path.is_empty() || package.get("optional") == Some(&Value::Bool(true)),
    })
}

fn runs(project: &Project, program: &str) -> bool {
    let version = project.npm_command(program).and_then(|mut command| steps::output(command.arg("--version")));
    version.is_ok()
}

/// The fingerprint of the lock file in this folder.
pub(super) fn fingerprint(project: &Project, dir: &Path) -> Result<String> {
    let mut fingerprint = Fingerprint::new(project, "npm");
    fingerprint.add(&dir.join("package-lock.json"))?;
    Ok(fingerprint.finish())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::holds;

    fn lock(packages: Value) -> Value {
        json!({ "packages": packages })
    }

    #[test]
    fn installed_packages_are_compared_with_the_lock_file() {
        let wanted =
            lock(json!({ "": {}, "a": { "version": "1" }, "a-for-macos": { "version": "1", "optional": true } }));
        assert!(holds(&lock(json!({ "a": { "version": "1" } })), &wanted));
        assert!(!holds(&lock(json!({ "a": { "version": "2" } })), &wanted));
        assert!(!holds(&lock(json!({})), &wanted));
    }
}
