//! The worker's bundle, in `build/`, where wrangler.toml looks for it.

use crate::fingerprint::{self, Fingerprint};
use crate::project::Project;
use crate::setup::Tools;
use crate::steps;
use anyhow::Result;
use std::process::Command;

/// The crate that is the worker.
const CRATE: &str = "edge";

pub(super) fn build(project: &Project, tools: &Tools) -> Result<()> {
    let mut fingerprint = Fingerprint::of(&tools.versions);
    for dir in project.sources_of(CRATE)? {
        fingerprint.add(&dir)?;
    }
    for file in ["Cargo.toml", "Cargo.lock"] {
        fingerprint.add(&project.root.join(file))?;
    }
    fingerprint.add_as("recipe", include_str!("worker.rs").as_bytes());
    let out = project.root.join("build");
    let results = [out.join("index.js"), out.join("index_bg.wasm")];
    fingerprint::unless_made(project, "worker", fingerprint, &results, || {
        let mut command = Command::new(&tools.worker_build);
        command.args(["--release", "--out-dir", "../../build"]);
        command.current_dir(project.root.join("crates").join(CRATE));
        command.env("WASM_BINDGEN_BIN", &tools.wasm_bindgen);
        command.env("WASM_OPT_BIN", project.npm_program("wasm-opt"));
        command.env("ESBUILD_BIN", project.npm_program("esbuild"));
        steps::logged("build the worker", &project.scratch()?.join("worker.log"), &mut command)
    })
}
