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

use std::{fs::File, thread};

use anyhow::{Result, bail};
pub(crate) use worker::{FaultInjectionBuild, TESTED};

use crate::{
    project::Project,
    setup::{self, Tools},
    steps,
};

/// How much the compiler optimises.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Optimisation {
    /// As the project is shipped.
    Release,
    /// Only so much that a build takes half the time.
    Quick,
}

impl Optimisation {
    /// The cargo profile of the worker.
    fn profile(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Quick => "quick",
        }
    }
}

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
    worker::build(project, tools, Optimisation::Release)?;
    element::build(project, tools, Optimisation::Release)?;
    openapi::build(project, tools)?;
    package::build(project, tools)?;
    assets::build(project)
}

/// Builds what this machine serves with [`Optimisation::Quick`], unless the release is built already. Installs the tools that are
/// missing.
///
/// # Errors
///
/// Those of the tools and of the compiler.
pub(crate) fn quickly(project: &Project) -> Result<()> {
    let lock = File::create(project.scratch()?.join("build.lock"))?;
    lock.lock()?;
    let tools = if setup::has_cargo_tools(project)? { setup::tools(project)? } else { tools_and_crates(project)? };
    worker::build(project, &tools, Optimisation::Quick)?;
    element::build(project, &tools, Optimisation::Quick)?;
    openapi::build(project, &tools)?;
    assets::build(project)
}

/// Installs the tools, which takes minutes, and meanwhile compiles what they process.
fn tools_and_crates(project: &Project) -> Result<Tools> {
    setup::wasm_target(project)?;
    let output = project.scratch()?.join("compile.log");
    thread::scope(|scope| {
        let compiled = scope.spawn(|| {
            steps::beside(&output, || {
                element::compile(project, Optimisation::Quick)?;
                openapi::compile(project)?;
                worker::compile_quickly(project)
            })
        });
        let tools = setup::tools(project);
        compiled.join().unwrap_or_else(|_| bail!("a step panicked")).and(tools)
    })
}

/// Workers that panic on demand, for the tests of what a panic does to other requests.
pub(crate) fn fault_injection(project: &Project, tools: &Tools) -> Result<Vec<FaultInjectionBuild>> {
    worker::fault_injection(project, tools)
}

/// Builds only the worker.
pub(crate) fn worker_alone(project: &Project, tools: &Tools) -> Result<()> {
    worker::build(project, tools, Optimisation::Release)
}
