//! The static files of a deployment, in `dist/assets/`: the pages of `www/`, the element, the OpenAPI document.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::{element, openapi};
use crate::{files, fingerprint::entries, project::Project};

pub(super) fn build(project: &Project) -> Result<()> {
    let mut wanted = BTreeMap::new();
    for name in element::served(project)? {
        wanted.insert(PathBuf::from(&name), element::out_dir(project).join(&name));
    }
    wanted.insert(PathBuf::from("openapi.json"), openapi::out_file(project));
    // The dashboard names the states as the elements do.
    wanted.insert(PathBuf::from("states.js"), project.root.join("crates/widget/js/states.js"));
    collect(&project.root.join("www"), Path::new(""), &mut wanted)?;
    let out = project.root.join("dist/assets");
    fs::create_dir_all(&out)?;
    let mut present = BTreeMap::new();
    collect(&out, Path::new(""), &mut present)?;
    for (name, stale) in &present {
        if !wanted.contains_key(name) {
            files::remove(stale)?;
        }
    }
    // An unchanged file keeps its time, so that programs that watch the folder see only changes.
    for (name, source) in &wanted {
        let content = fs::read(source)?;
        let target = out.join(name);
        if fs::read(&target).is_ok_and(|present| present == content) {
            continue;
        }
        if let Some(dir) = target.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::write(&target, content).with_context(|| format!("cannot write {}", target.display()))?;
    }
    Ok(())
}

/// All files of a folder, by their path in it; none if the folder does not exist.
fn collect(dir: &Path, prefix: &Path, files: &mut BTreeMap<PathBuf, PathBuf>) -> Result<()> {
    if !dir.is_dir() {
        return Ok(());
    }
    for entry in entries(dir)? {
        let name = prefix.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            collect(&entry, &name, files)?;
        } else {
            files.insert(name, entry);
        }
    }
    Ok(())
}
