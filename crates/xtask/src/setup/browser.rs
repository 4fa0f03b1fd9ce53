//! Finds Chromium for the browser tests, or installs Debian's package.

use std::{env, path::PathBuf, process::Command};

use anyhow::{Result, bail};

use crate::{
    project::{self, Project},
    steps,
};

/// The names of the program on PATH.
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The paths of the program on macOS.
const APPS: &[&str] = &[
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// The browser for the tests: the one that `JOB_PROGRESS_CHROMIUM` names, else an installed one, else one from apt.
pub(crate) fn chromium(project: &Project) -> Result<PathBuf> {
    if let Some(named) = env::var_os("JOB_PROGRESS_CHROMIUM").map(PathBuf::from) {
        if !named.is_file() {
            bail!("JOB_PROGRESS_CHROMIUM names {}, which is not a file", named.display());
        }
        return Ok(named);
    }
    if let Some(found) = installed() {
        return Ok(found);
    }
    install(project)?;
    match installed() {
        Some(found) => Ok(found),
        None => bail!("apt-get installed chromium, but it is not on PATH"),
    }
}

fn installed() -> Option<PathBuf> {
    let on_path = NAMES.iter().find_map(|name| project::on_path(name));
    on_path.or_else(|| APPS.iter().map(PathBuf::from).find(|app| app.is_file()))
}

fn install(project: &Project) -> Result<()> {
    let root = steps::output(Command::new("id").arg("-u"))? == "0";
    let sudo = || steps::output(Command::new("sudo").args(["-n", "true"])).is_ok();
    if project::on_path("apt-get").is_none() || !(root || sudo()) {
        bail!("the browser tests need Chromium or Chrome: install one, or set JOB_PROGRESS_CHROMIUM to its path");
    }
    for (step, arguments) in
        [("update the list of Debian packages", &["update"][..]), ("install chromium", &["install", "-y", "chromium"])]
    {
        let mut apt = Command::new(if root { "apt-get" } else { "sudo" });
        if !root {
            apt.args(["-n", "apt-get"]);
        }
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        steps::logged(step, &project.scratch()?.join("apt.log"), &mut apt)?;
    }
    Ok(())
}
