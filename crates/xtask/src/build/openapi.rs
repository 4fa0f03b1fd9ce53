//! The OpenAPI document, in `dist/openapi.json`: printed by a native program of the engine's.

use crate::fingerprint::{self, Fingerprint};
use crate::project::{self, Project};
use crate::setup::Tools;
use crate::steps;
use anyhow::Result;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The crate that has the program.
const CRATE: &str = "engine";

/// Where the document is put.
pub(super) fn out_file(project: &Project) -> PathBuf {
    project.root.join("dist/openapi.json")
}

pub(super) fn build(project: &Project, tools: &Tools) -> Result<()> {
    let mut fingerprint = Fingerprint::of(&tools.versions);
    for dir in project.sources_of(CRATE)? {
        fingerprint.add(&dir)?;
    }
    for file in ["Cargo.toml", "Cargo.lock"] {
        fingerprint.add(&project.root.join(file))?;
    }
    let out = out_file(project);
    fingerprint::build_if_changed(project, "openapi", fingerprint, std::slice::from_ref(&out), || {
        let mut cargo = Command::new(project::cargo());
        cargo.args(["build", "--package", CRATE, "--features", "schema", "--bin", "openapi"]);
        cargo.current_dir(&project.root);
        steps::logged("compile the OpenAPI document", &project.scratch()?.join("openapi.log"), &mut cargo)?;
        let program = project.target.join("debug").join(format!("openapi{}", std::env::consts::EXE_SUFFIX));
        let document = steps::output(&mut Command::new(program))?;
        fs::create_dir_all(project.root.join("dist"))?;
        fs::write(&out, document + "\n")?;
        Ok(())
    })
}
