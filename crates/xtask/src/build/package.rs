//! The npm package, in `dist/npm/`: the element's scripts, glue and wasm, with types, manifest and README.

use std::path::PathBuf;

use anyhow::Result;

use super::{element, openapi};
use crate::{
    fingerprint::{self, Fingerprint},
    project::Project,
    setup::Tools,
    steps,
};

/// The script that assembles the package.
const BUILDER: &str = "crates/element/npm/build.mjs";

/// Its inputs, besides the element's scripts and the results of the steps before.
const OWN: [&str; 3] = ["crates/element/npm", "LICENSE-MIT", "LICENSE-APACHE"];

/// The output folder.
pub(crate) fn out_dir(project: &Project) -> PathBuf {
    project.root.join("dist/npm")
}

pub(super) fn build(project: &Project, tools: &Tools) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let mut fingerprint = Fingerprint::new(project, &format!("{version}, {}", tools.versions));
    for source in element::SOURCES.iter().chain(&OWN) {
        fingerprint.add(&project.root.join(source))?;
    }
    fingerprint.add(&element::out_dir(project))?;
    fingerprint.add(&openapi::out_file(project))?;
    let out = out_dir(project);
    fingerprint::build_if_changed(project, "package", fingerprint, &[out.join("package.json")], || {
        let mut node = project.npm_command("node")?;
        node.arg(BUILDER).arg(&out).arg(version);
        steps::step("assemble the npm package", || steps::output(&mut node).map(drop))
    })
}
