//! Where things are: the workspace, its crates, its build folder, the cache of tools.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use serde::Deserialize;

/// The workspace, as `cargo metadata` describes it.
pub(crate) struct Project {
    /// The folder of the workspace manifest.
    pub(crate) root: PathBuf,
    /// Cargo's build folder.
    pub(crate) target: PathBuf,
    crates: Vec<Package>,
}

/// The part of Cargo.lock that is read here.
#[derive(Deserialize)]
struct Lockfile {
    package: Vec<LockedPackage>,
}

#[derive(Deserialize)]
struct LockedPackage {
    name: String,
    version: String,
}

impl Project {
    /// Runs `cargo metadata --no-deps`, which resolves and downloads nothing.
    pub(crate) fn load() -> Result<Self> {
        let mut command = MetadataCommand::new();
        command.manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).no_deps();
        let metadata = command.exec().context("cargo metadata failed")?;
        Ok(Self {
            root: metadata.workspace_root.into(),
            target: metadata.target_directory.into(),
            crates: metadata.packages,
        })
    }

    /// The folder of a crate and of every workspace crate that it is built from.
    pub(crate) fn sources_of(&self, name: &str) -> Result<Vec<PathBuf>> {
        let mut names = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            let found = self.crates.iter().find(|candidate| candidate.name == name);
            let found = found.with_context(|| format!("the workspace has no crate `{name}`"))?;
            open.extend(built_from(found).filter(|other| !names.contains(*other)).map(str::to_owned));
            names.insert(name);
        }
        let wanted = self.crates.iter().filter(|candidate| names.contains(candidate.name.as_str()));
        Ok(wanted.filter_map(|found| found.manifest_path.parent()).map(PathBuf::from).collect())
    }

    /// The folder of the worker that is shipped.
    pub(crate) fn bundle(&self) -> PathBuf {
        self.root.join("build")
    }

    /// The folder for logs, stamps and temporary files; created if missing.
    pub(crate) fn scratch(&self) -> Result<PathBuf> {
        let dir = self.target.join("xtask");
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        Ok(dir)
    }

    /// The path of a program that npm installed.
    pub(crate) fn npm_program(&self, name: &str) -> PathBuf {
        self.root.join("node_modules/.bin").join(name)
    }

    /// A command for a program that npm installed. Its PATH has npm's programs, among them its Node, before all others.
    pub(crate) fn npm_command(&self, program: &str) -> Result<Command> {
        let mut paths = vec![self.root.join("node_modules/.bin")];
        paths.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let mut command = Command::new(self.npm_program(program));
        command.env("PATH", env::join_paths(paths)?).current_dir(&self.root);
        Ok(command)
    }

    /// The version that Cargo.lock pins for a crate.
    pub(crate) fn locked_version(&self, name: &str) -> Result<String> {
        let text = fs::read_to_string(self.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
        let lock: Lockfile = toml::from_str(&text).context("cannot parse Cargo.lock")?;
        let found = lock.package.into_iter().find(|package| package.name == name);
        Ok(found.with_context(|| format!("Cargo.lock has no `{name}`"))?.version)
    }
}

/// The workspace crates that a crate's normal and build dependencies name.
fn built_from(package: &Package) -> impl Iterator<Item = &str> {
    let dependencies = package.dependencies.iter();
    let local = dependencies.filter(|one| one.path.is_some() && one.kind != DependencyKind::Development);
    local.map(|one| one.name.as_str())
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// The cache folder for tools, shared by all clones of this repository; created if missing.
pub(crate) fn cache() -> Result<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || absolute("HOME").context("HOME is not set; set HOME or XDG_CACHE_HOME to say where tools are cached");
    let base = match absolute("XDG_CACHE_HOME") {
        Some(dir) => dir,
        None if cfg!(target_os = "macos") => home()?.join("Library/Caches"),
        None => home()?.join(".cache"),
    };
    let dir = base.join("job-progress");
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    Ok(dir)
}

/// The first file of that name in the folders of PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let paths = env::var_os("PATH")?;
    env::split_paths(&paths).map(|dir| dir.join(program)).find(|file| file.is_file())
}
