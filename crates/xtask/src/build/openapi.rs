//! The OpenAPI document in `dist/openapi.json`, and the tables of PROTOCOL.md. Native programs of the engine generate both.

use std::{fs, path::PathBuf, process::Command};

use anyhow::Result;

use crate::{
    fingerprint::{self, Fingerprint},
    project::{self, Project},
    setup::Tools,
    steps,
};

/// The crate of the programs.
const CRATE: &str = "engine";

/// The path of the document.
pub(super) fn out_file(project: &Project) -> PathBuf {
    project.root.join("dist/openapi.json")
}

pub(super) fn build(project: &Project, tools: &Tools) -> Result<()> {
    let mut fingerprint = Fingerprint::new(project, &tools.versions);
    for dir in project.sources_of(CRATE)? {
        fingerprint.add(&dir)?;
    }
    for file in ["Cargo.toml", "Cargo.lock"] {
        fingerprint.add(&project.root.join(file))?;
    }
    let out = out_file(project);
    fingerprint::build_if_changed(project, "openapi", fingerprint, std::slice::from_ref(&out), || {
        compile(project)?;
        let program = |name: &str| project.target.join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let document = steps::output(&mut Command::new(program("openapi")))?;
        fs::create_dir_all(project.root.join("dist"))?;
        fs::write(&out, document + "\n")?;
        let specification = project.root.join("crates/protocol/PROTOCOL.md");
        let mut tables = Command::new(program("protocol-tables"));
        let generated = steps::output(tables.stdin(fs::File::open(&specification)?))? + "\n";
        if generated != fs::read_to_string(&specification)? {
            fs::write(&specification, generated)?;
        }
        Ok(())
    })
}

/// Compiles the programs.
pub(super) fn compile(project: &Project) -> Result<()> {
    let mut cargo = Command::new(project::cargo());
    cargo.args(["build", "--package", CRATE, "--features", "schema", "--bins"]);
    cargo.current_dir(&project.root);
    steps::logged("compile the OpenAPI document", &project.scratch()?.join("openapi.log"), &mut cargo)
}
