//! Where things are: the workspace, its crates, its build folder, the cache of tools.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The workspace as `cargo metadata` tells it.
pub(crate) struct Project {
    /// The folder of the workspace manifest.
    pub(crate) root: PathBuf,
    /// Cargo's build folder.
    pub(crate) target: PathBuf,
    crates: Vec<Crate>,
}

struct Crate {
    name: String,
    dir: PathBuf,
    /// The crates of ours it names as dependencies.
    ours: Vec<String>,
}

impl Project {
    /// Asks cargo. Nothing is resolved or downloaded for this.
    pub(crate) fn load() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let mut cargo = Command::new(cargo());
        cargo.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]);
        cargo.arg(manifest);
        let output = cargo.output().context("cargo cannot be run")?;
        if !output.status.success() {
            bail!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        let path = |pointer: &str| metadata.pointer(pointer).and_then(Value::as_str).map(PathBuf::from);
        let packages = metadata.get("packages").and_then(Value::as_array);
        let packages = packages.context("cargo metadata names no packages")?;
        Ok(Self {
            root: path("/workspace_root").context("cargo metadata names no workspace")?,
            target: path("/target_directory").context("cargo metadata names no target folder")?,
            crates: packages.iter().filter_map(Crate::read).collect(),
        })
    }

    /// The source folders of a crate and of every crate of ours it is built from.
    pub(crate) fn sources_of(&self, name: &str) -> Result<Vec<PathBuf>> {
        let mut names = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            let found = self.crates.iter().find(|candidate| candidate.name == name);
            let found = found.with_context(|| format!("the workspace has no crate `{name}`"))?;
            open.extend(found.ours.iter().filter(|other| !names.contains(*other)).cloned());
            names.insert(name);
        }
        let wanted = self.crates.iter().filter(|candidate| names.contains(&candidate.name));
        Ok(wanted.map(|found| found.dir.clone()).collect())
    }

    /// The folder for logs, stamps and what one run leaves behind.
    pub(crate) fn scratch(&self) -> Result<PathBuf> {
        let dir = self.target.join("xtask");
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(dir)
    }

    /// A program that npm installed.
    pub(crate) fn npm_program(&self, name: &str) -> PathBuf {
        self.root.join("node_modules/.bin").join(name)
    }

    /// A command that finds npm's programs, and npm's Node, before any others.
    pub(crate) fn npm_command(&self, program: &str) -> Result<Command> {
        let mut paths = vec![self.root.join("node_modules/.bin")];
        paths.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let mut command = Command::new(self.npm_program(program));
        command.env("PATH", env::join_paths(paths)?).current_dir(&self.root);
        Ok(command)
    }

    /// The version Cargo.lock pins for a crate.
    pub(crate) fn locked_version(&self, name: &str) -> Result<String> {
        let lock = fs::read_to_string(self.root.join("Cargo.lock")).context("no Cargo.lock")?;
        let entry = format!("name = \"{name}\"\nversion = \"");
        let version = lock.split_once(&entry).and_then(|(_, rest)| rest.split_once('"'));
        let (version, _) = version.with_context(|| format!("Cargo.lock has no `{name}`"))?;
        Ok(version.to_owned())
    }
}

impl Crate {
    fn read(package: &Value) -> Option<Self> {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        let dependencies = package["dependencies"].as_array()?.iter();
        let ours = dependencies.filter(|dependency| dependency["path"].is_string() && dependency["kind"] != "dev");
        Some(Self {
            name: package["name"].as_str()?.to_owned(),
            dir: manifest.parent()?.to_owned(),
            ours: ours.filter_map(|dependency| dependency["name"].as_str()).map(str::to_owned).collect(),
        })
    }
}

/// The cargo that runs us.
pub(crate) fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// The folder for tools that a second clone should find again.
pub(crate) fn cache() -> Result<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || absolute("HOME").context("HOME is not set, so there is no place for the tools' cache");
    let base = match absolute("XDG_CACHE_HOME") {
        Some(dir) => dir,
        None if cfg!(target_os = "macos") => home()?.join("Library/Caches"),
        None => home()?.join(".cache"),
    };
    let dir = base.join("job-progress");
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir)
}

/// The first program of that name on PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let paths = env::var_os("PATH")?;
    env::split_paths(&paths).map(|dir| dir.join(program)).find(|file| file.is_file())
}
