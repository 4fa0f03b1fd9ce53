//! The worker's bundles: the shipped one in `build/`, where wrangler.toml expects it, and those that only tests serve.

use std::{path::PathBuf, process::Command};

use anyhow::Result;

use crate::{
    fingerprint::{self, Fingerprint},
    project::Project,
    setup::{self, Tools},
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

/// Builds the worker that is shipped. Its panics unwind if a nightly toolchain can build that.
pub(super) fn build(project: &Project, tools: &Tools) -> Result<()> {
    let panics = panics(project)?;
    make(project, tools, &Recipe { name: "worker", out: "build".to_owned(), panics, features: "" }).map(drop)
}

/// Workers that panic on demand and count what they hold: built as the shipped one, and as it is built without nightly.
pub(crate) fn fault_injection(project: &Project, tools: &Tools) -> Result<Vec<FaultInjectionBuild>> {
    let mut all = vec![("fault-injection-abort", "abort", Panics::Abort("for a test".to_owned()))];
    if let unwind @ Panics::Unwind(_) = panics(project)? {
        all.push(("fault-injection-unwind", "unwind", unwind));
    }
    let made = all.into_iter().map(|(name, word, panics)| {
        let out = format!("target/fault-injection/{word}");
        let bundle = make(project, tools, &Recipe { name, out, panics, features: TESTED })?;
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

fn make(project: &Project, tools: &Tools, recipe: &Recipe) -> Result<PathBuf> {
    let (unwind, step) = match &recipe.panics {
        Panics::Unwind(nightly) => (true, format!("build the {} (panics unwind, by {nightly})", recipe.name)),
        Panics::Abort(why) => (false, format!("build the {} (panics abort: {why})", recipe.name)),
    };
    let mut fingerprint = Fingerprint::new(project, &tools.versions);
    for dir in project.sources_of(CRATE)? {
        fingerprint.add(&dir)?;
    }
    for file in ["Cargo.toml", "Cargo.lock"] {
        fingerprint.add(&project.root.join(file))?;
    }
    fingerprint.add_as("recipe", include_str!("worker.rs").as_bytes());
    fingerprint.add_as("panics", if unwind { step.as_bytes() } else { b"abort" });
    let out = project.root.join(&recipe.out);
    let results = [out.join("index.js"), out.join("index_bg.wasm")];
    fingerprint::build_if_changed(project, recipe.name, fingerprint, &results, || {
        let mut command = Command::new(&tools.worker_build);
        command.args(["--release", "--out-dir"]).arg(&out);
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
