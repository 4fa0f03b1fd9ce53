//! The worker's bundles: the shipped one in `build/`, where wrangler.toml expects it, and those that only tests serve.

use std::{env, path::PathBuf, process::Command};

use anyhow::Result;

use super::Optimisation;
use crate::{
    fingerprint::{self, Fingerprint},
    project::{self, Project},
    setup::{self, Tools, WASM},
    steps,
};

/// The crate that is the worker.
const CRATE: &str = "edge";

/// How a worker is built.
struct Recipe {
    name: &'static str,
    /// The folder of the bundle, from the root.
    out: String,
    /// What a panic does, and why.
    panics: Panics,
    /// Features of the crate `edge`.
    features: &'static str,
    optimisation: Optimisation,
}

/// What a panic does to the instance of the worker.
#[derive(Clone)]
enum Panics {
    /// The instance continues; this nightly builds such a worker.
    Unwind(String),
    /// The instance ends; the text says why the build does not unwind.
    Abort(String),
}

/// The features of a worker that panics on demand and counts what it holds.
pub(crate) const TESTED: &str = "fault-injection,leak-check";

/// A worker with these features.
pub(crate) struct FaultInjectionBuild {
    /// What panics do in it: `unwind` or `abort`.
    pub(crate) panics: &'static str,
    /// The bundle's folder.
    pub(crate) bundle: PathBuf,
}

/// Builds the worker: the one that is shipped, whose panics unwind if a nightly toolchain can build that; or quickly, unless the
/// former is built.
pub(super) fn build(project: &Project, tools: &Tools, optimisation: Optimisation) -> Result<()> {
    let out = "build".to_owned();
    let optimised = Optimisation::Release;
    let release = Recipe { name: "worker", out, panics: panics(project)?, features: "", optimisation: optimised };
    if optimisation == Optimisation::Release {
        return make(project, tools, &release).map(drop);
    }
    if is_current(project, tools, &release)? {
        return Ok(());
    }
    // The standard library would have to be compiled too.
    let panics = if unwinding_is_demanded() { release.panics } else { Panics::Abort("a quick build".to_owned()) };
    make(project, tools, &Recipe { panics, optimisation, ..release }).map(drop)
}

/// Compiles as the worker-build of a quick build does, which finds everything compiled then.
pub(super) fn compile_quickly(project: &Project) -> Result<()> {
    if unwinding_is_demanded() {
        return Ok(());
    }
    let mut cargo = Command::new(project::cargo());
    cargo.args(["build", "--lib", "--profile", Optimisation::Quick.profile(), "--target", WASM]);
    cargo.env("WASM_BINDGEN_USE_JS_SYS", "1").current_dir(project.root.join("crates").join(CRATE));
    steps::logged("compile the worker", &project.scratch()?.join("compile-worker.log"), &mut cargo)
}

fn unwinding_is_demanded() -> bool {
    env::var(setup::PANICS).is_ok_and(|choice| choice == "unwind")
}

/// Workers that panic on demand and count what they hold: built as the shipped one, and as it is built without nightly.
pub(crate) fn fault_injection(project: &Project, tools: &Tools) -> Result<Vec<FaultInjectionBuild>> {
    let mut all = vec![("fault-injection-abort", "abort", Panics::Abort("for a test".to_owned()))];
    if let unwind @ Panics::Unwind(_) = panics(project)? {
        all.push(("fault-injection-unwind", "unwind", unwind));
    }
    let made = all.into_iter().map(|(name, word, panics)| {
        let out = format!("target/fault-injection/{word}");
        let optimisation = Optimisation::Release;
        let bundle = make(project, tools, &Recipe { name, out, panics, features: TESTED, optimisation })?;
        Ok(FaultInjectionBuild { panics: word, bundle })
    });
    made.collect()
}

fn panics(project: &Project) -> Result<Panics> {
    Ok(match setup::nightly(project)? {
        Ok(version) => Panics::Unwind(version),
        Err(why) => Panics::Abort(why),
    })
}

impl Recipe {
    /// Whether panics unwind, and the name of the step.
    fn step(&self) -> (bool, String) {
        match &self.panics {
            Panics::Unwind(nightly) => (true, format!("build the {} (panics unwind, by {nightly})", self.name)),
            Panics::Abort(why) => (false, format!("build the {} (panics abort: {why})", self.name)),
        }
    }

    /// The files of a complete bundle.
    fn results(&self, project: &Project) -> [PathBuf; 2] {
        ["index.js", "index_bg.wasm"].map(|file| project.root.join(&self.out).join(file))
    }
}

fn fingerprint(project: &Project, tools: &Tools, recipe: &Recipe) -> Result<Fingerprint> {
    let (unwind, step) = recipe.step();
    let mut fingerprint = Fingerprint::new(project, &tools.versions);
    for dir in project.sources_of(CRATE)? {
        fingerprint.add(&dir)?;
    }
    for file in ["Cargo.toml", "Cargo.lock"] {
        fingerprint.add(&project.root.join(file))?;
    }
    fingerprint.add_as("recipe", include_str!("worker.rs").as_bytes());
    fingerprint.add_as("panics", if unwind { step.as_bytes() } else { b"abort" });
    fingerprint.add_as("profile", recipe.optimisation.profile().as_bytes());
    Ok(fingerprint)
}

fn is_current(project: &Project, tools: &Tools, recipe: &Recipe) -> Result<bool> {
    fingerprint::is_current(project, recipe.name, fingerprint(project, tools, recipe)?, &recipe.results(project))
}

fn make(project: &Project, tools: &Tools, recipe: &Recipe) -> Result<PathBuf> {
    let (unwind, step) = recipe.step();
    let out = project.root.join(&recipe.out);
    let fingerprint = fingerprint(project, tools, recipe)?;
    fingerprint::build_if_changed(project, recipe.name, fingerprint, &recipe.results(project), || {
        let mut command = Command::new(&tools.worker_build);
        match recipe.optimisation {
            Optimisation::Release => command.arg("--release"),
            Optimisation::Quick => command.args(["--profile", recipe.optimisation.profile()]),
        };
        command.arg("--out-dir").arg(&out);
        if unwind {
            command.arg("--panic-unwind");
        }
        if !recipe.features.is_empty() {
            command.args(["--", "--features", recipe.features]);
        }
        command.current_dir(project.root.join("crates").join(CRATE));
        command.env("WASM_BINDGEN_BIN", &tools.wasm_bindgen);
        command.env("WASM_OPT_BIN", project.npm_program("wasm-opt"));
        command.env("ESBUILD_BIN", project.npm_program("esbuild"));
        steps::logged(&step, &project.scratch()?.join(format!("{}.log", recipe.name)), &mut command)
    })?;
    Ok(out)
}
