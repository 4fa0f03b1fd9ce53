//! A hash over sources, which says whether they have changed since something was built from them.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{files, project::Project};

/// The hash of the inputs of a build. It does not depend on where the checkout is.
#[derive(Clone)]
pub(crate) struct Fingerprint {
    hash: Sha256,
    root: PathBuf,
}

impl Fingerprint {
    /// Starts with inputs that are in no file: versions, flags.
    pub(crate) fn new(project: &Project, text: &str) -> Self {
        Self { hash: Sha256::new_with_prefix(text), root: project.root.clone() }
    }

    /// Adds a file, or every file of a folder, by its path in the project and its content.
    pub(crate) fn add(&mut self, path: &Path) -> Result<()> {
        if !path.is_dir() {
            let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.strip_prefix(&self.root).unwrap_or(path).to_owned();
            self.add_as(name, &content);
            return Ok(());
        }
        for entry in entries(path)? {
            self.add(&entry)?;
        }
        Ok(())
    }

    /// Adds a content under a name.
    pub(crate) fn add_as(&mut self, name: impl AsRef<OsStr>, content: &[u8]) {
        self.hash.update(name.as_ref().as_encoded_bytes());
        self.hash.update(content.len().to_le_bytes());
        self.hash.update(content);
    }

    /// The hash, in hexadecimal.
    pub(crate) fn finish(self) -> String {
        self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The entries of a folder in order of their names, without those that start with a dot.
pub(crate) fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let read = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut entries = Vec::new();
    for entry in read {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

/// Builds unless the last build had the same fingerprint and its results still exist.
///
/// # Errors
///
/// Those of `build`; the next call then builds again.
pub(crate) fn build_if_changed(
    project: &Project,
    name: &str,
    fingerprint: Fingerprint,
    results: &[PathBuf],
    build: impl FnOnce() -> Result<()>,
) -> Result<()> {
    if is_current(project, name, fingerprint.clone(), results)? {
        return Ok(());
    }
    let stamp = stamp(project, name)?;
    files::remove(&stamp)?;
    build()?;
    fs::write(&stamp, fingerprint.finish())?;
    Ok(())
}

/// Whether the last build had this fingerprint and its results still exist.
pub(crate) fn is_current(project: &Project, name: &str, fingerprint: Fingerprint, results: &[PathBuf]) -> Result<bool> {
    let last = fs::read_to_string(stamp(project, name)?);
    Ok(last.is_ok_and(|last| last == fingerprint.finish()) && results.iter().all(|result| result.exists()))
}

fn stamp(project: &Project, name: &str) -> Result<PathBuf> {
    Ok(project.scratch()?.join(format!("{name}.stamp")))
}
