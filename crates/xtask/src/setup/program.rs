//! Finds the programs that only tests need, or installs Debian's packages of them.

use std::{env, path::PathBuf, process::Command};

use anyhow::{Result, bail};

use crate::{
    project::{self, Project},
    steps,
};

/// A program that the tests start.
pub(crate) struct Program {
    /// The tests that need it.
    tests: &'static str,
    /// The name of the Debian package.
    package: &'static str,
    /// The environment variable that names another program.
    variable: &'static str,
    /// The names of the program on PATH.
    names: &'static [&'static str],
    /// The paths of the program on macOS.
    apps: &'static [&'static str],
}

/// Chromium, or Chrome.
pub(crate) const CHROMIUM: Program = Program {
    tests: "browser tests",
    package: "chromium",
    variable: "JOB_PROGRESS_CHROMIUM",
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    apps: &[
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ],
};

/// Firefox.
pub(crate) const FIREFOX: Program = Program {
    tests: "browser tests",
    package: "firefox-esr",
    variable: "JOB_PROGRESS_FIREFOX",
    names: &["firefox-esr", "firefox"],
    apps: &["/Applications/Firefox.app/Contents/MacOS/firefox"],
};

/// Redis, the broker of the tests with Celery.
pub(crate) const REDIS: Program = Program {
    tests: "tests of the Python package",
    package: "redis-server",
    variable: "JOB_PROGRESS_REDIS",
    names: &["redis-server"],
    apps: &[],
};

impl Program {
    /// Its path: that of the program that the variable names, else of an installed one, else of one from apt.
    pub(crate) fn path(&self, project: &Project) -> Result<PathBuf> {
        if let Some(named) = env::var_os(self.variable).map(PathBuf::from) {
            if !named.is_file() {
                bail!("{} names {}, which is not a file", self.variable, named.display());
            }
            return Ok(named);
        }
        if let Some(found) = self.installed() {
            return Ok(found);
        }
        self.install(project)?;
        match self.installed() {
            Some(found) => Ok(found),
            None => bail!("apt-get installed {}, but it is not on PATH", self.package),
        }
    }

    fn installed(&self) -> Option<PathBuf> {
        let on_path = self.names.iter().find_map(|name| project::on_path(name));
        on_path.or_else(|| self.apps.iter().map(PathBuf::from).find(|app| app.is_file()))
    }

    fn install(&self, project: &Project) -> Result<()> {
        let root = steps::output(Command::new("id").arg("-u"))? == "0";
        let sudo = || steps::output(Command::new("sudo").args(["-n", "true"])).is_ok();
        if project::on_path("apt-get").is_none() || !(root || sudo()) {
            bail!(
                "the {} need {}: install one, or set {} to its path",
                self.tests,
                self.names.join(" or "),
                self.variable
            );
        }
        let install = format!("install {}", self.package);
        for (step, arguments) in [
            ("update the list of Debian packages", &["update"][..]),
            (install.as_str(), &["install", "-y", self.package]),
        ] {
            let mut apt = Command::new(if root { "apt-get" } else { "sudo" });
            if !root {
                apt.args(["-n", "apt-get"]);
            }
            apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
            steps::logged(step, &project.scratch()?.join("apt.log"), &mut apt)?;
        }
        Ok(())
    }
}
