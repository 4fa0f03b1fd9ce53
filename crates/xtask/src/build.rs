//! Builds what is served: `cargo xtask build`.

mod assets;
pub(crate) mod element;
pub(crate) mod link;
mod names;
mod openapi;
pub(crate) mod package;
mod prune;
mod worker;

pub(crate) use worker::{FaultInjectionBuild, TESTED};

use crate::project::Project;
use crate::setup::{self, Tools};
use anyhow::Result;
use std::fs::File;

/// `cargo xtask build`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    if let Some(arg) = args.next()? {
        return Err(arg.unexpected().into());
    }
    let project = Project::load()?;
    let tools = setup::tools(&project)?;
    all(&project, &tools)
}

/// The worker, the element, the OpenAPI document, the npm package, the static assets; what has not changed is not built again.
///
/// One build at a time: wrangler starts one whenever it sees a source change.
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

/// The worker alone, where nothing else is asked.
pub(crate) fn worker_alone(project: &Project, tools: &Tools) -> Result<()> {
    worker::build(project, tools)
}
