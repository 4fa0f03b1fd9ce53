//! Builds everything that is served: `cargo xtask build`.

mod assets;
pub(crate) mod element;
pub(crate) mod link;
mod names;
mod openapi;
mod order;
pub(crate) mod package;
mod panic_texts;
mod prune;
pub(crate) mod python;
mod trim;
mod wasm;
mod worker;

use std::fs::File;

use anyhow::Result;
pub(crate) use worker::{FaultInjectionBuild, TESTED};

use crate::{
    project::Project,
    setup::{self, Tools},
};

/// `cargo xtask build`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    if let Some(arg) = args.next()? {
        return Err(arg.unexpected().into());
    }
    let project = Project::load()?;
    let tools = setup::tools(&project)?;
    all(&project, &tools)
}

/// Builds the worker, the element, the OpenAPI document, the npm package and the static assets, as far as their sources have
/// changed.
///
/// A lock lets one build run at a time, because wrangler starts one for every change of a source.
pub(crate) fn all(project: &Project, tools: &Tools) -> Result<()> {
    let lock = File::create(project.scratch()?.join("build.lock"))?;
    lock.lock()?;
    worker::build(project, tools)?;
    element::build(project, tools)?;
    openapi::build(project, tools)?;
    package::build(project, tools)?;
    assets::build(project)
}

/// Workers that panic on demand, for the tests of what a panic does to other requests.
pub(crate) fn fault_injection(project: &Project, tools: &Tools) -> Result<Vec<FaultInjectionBuild>> {
    worker::fault_injection(project, tools)
}

/// Builds only the worker.
pub(crate) fn worker_alone(project: &Project, tools: &Tools) -> Result<()> {
    worker::build(project, tools)
}
