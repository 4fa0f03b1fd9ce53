//! Finds the programs that only tests and benchmarks need, or installs Debian's packages of them.

use std::{env, path::PathBuf};

use anyhow::{Result, bail};

use super::root;
use crate::{
    project::{self, Project},
    steps,
};

/// A program that the tests start, or a module that such a program loads.
pub(crate) struct Program {
    /// The tests that need it.
    tests: &'static str,
    /// The name of the Debian package.
    package: &'static str,
    /// The environment variable that names another program.
    variable: &'static str,
    /// The names of the program on PATH.
    names: &'static [&'static str],
    /// Its paths where it is not on PATH: on macOS, and programs of root.
    places: &'static [&'static str],
}

/// Chromium, or Chrome.
pub(crate) const CHROMIUM: Program = Program {
    tests: "browser tests",
    package: "chromium",
    variable: "JOB_PROGRESS_CHROMIUM",
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    places: &[
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
    places: &["/Applications/Firefox.app/Contents/MacOS/firefox"],
};

/// Redis, the broker of the tests with Celery.
pub(crate) const REDIS: Program = Program {
    tests: "tests of the Python package",
    package: "redis-server",
    variable: "JOB_PROGRESS_REDIS",
    names: &["redis-server"],
    places: &[],
};

/// nginx, a proxy of the server.
pub(crate) const NGINX: Program = Program {
    tests: "tests of the server",
    package: "nginx",
    variable: "JOB_PROGRESS_NGINX",
    names: &["nginx"],
    places: &["/usr/sbin/nginx"],
};

/// nchan, a module of nginx with which it relays messages.
pub(crate) const NCHAN: Program = Program {
    tests: "benchmarks",
    package: "libnginx-mod-nchan",
    variable: "JOB_PROGRESS_NCHAN",
    names: &["ngx_nchan_module.so"],
    places: &["/usr/lib/nginx/modules/ngx_nchan_module.so"],
};

/// Caddy, a proxy of the server.
pub(crate) const CADDY: Program = Program {
    tests: "tests of the server",
    package: "caddy",
    variable: "JOB_PROGRESS_CADDY",
    names: &["caddy"],
    places: &[],
};

/// systemd's checker of units.
pub(crate) const SYSTEMD_ANALYZE: Program = Program {
    tests: "tests of the server",
    package: "systemd",
    variable: "JOB_PROGRESS_SYSTEMD_ANALYZE",
    names: &["systemd-analyze"],
    places: &[],
};

/// debootstrap, which makes the root file system in which the server is tested.
pub(crate) const DEBOOTSTRAP: Program = Program {
    tests: "tests of the server",
    package: "debootstrap",
    variable: "JOB_PROGRESS_DEBOOTSTRAP",
    names: &["debootstrap"],
    places: &["/usr/sbin/debootstrap"],
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
        on_path.or_else(|| self.places.iter().map(PathBuf::from).find(|place| place.is_file()))
    }

    fn install(&self, project: &Project) -> Result<()> {
        let apt_get = |arguments: &[&str]| {
            let mut apt_get = root::command("apt-get")?;
            apt_get.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
            Some(apt_get)
        };
        let [Some(mut update), Some(mut install)] = [&["update"][..], &["install", "-y", self.package]]
            .map(|arguments| project::on_path("apt-get").and_then(|_| apt_get(arguments)))
        else {
            bail!(
                "the {} need {} (Debian's package {}): install one, or set {} to its path",
                self.tests,
                self.names.join(" or "),
                self.package,
                self.variable
            );
        };
        let log = project.scratch()?.join("apt.log");
        steps::logged("update the list of Debian packages", &log, &mut update)?;
        steps::logged(&format!("install {}", self.package), &log, &mut install)
    }
}
