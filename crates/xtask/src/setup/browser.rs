//! Finds the browsers for the browser tests, or installs Debian's packages.

use std::{env, path::PathBuf, process::Command};

use anyhow::{Result, bail};

use crate::{
    project::{self, Project},
    steps,
};

/// A browser that the tests drive.
pub(crate) struct Browser {
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
pub(crate) const CHROMIUM: Browser = Browser {
    package: "chromium",
    variable: "JOB_PROGRESS_CHROMIUM",
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    apps: &[
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ],
};

/// Firefox.
pub(crate) const FIREFOX: Browser = Browser {
    package: "firefox-esr",
    variable: "JOB_PROGRESS_FIREFOX",
    names: &["firefox-esr", "firefox"],
    apps: &["/Applications/Firefox.app/Contents/MacOS/firefox"],
};

impl Browser {
    /// The program: the one that the variable names, else an installed one, else one from apt.
    pub(crate) fn program(&self, project: &Project) -> Result<PathBuf> {
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
                "the browser tests need {}: install one, or set {} to its path",
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
