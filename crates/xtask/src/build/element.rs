//! The element: its scripts, its glue and its wasm, in `dist/element/`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{Optimisation, link, names, order, panic_texts::erase, prune::prune};
use crate::{
    files,
    fingerprint::{self, Fingerprint, entries},
    project::{self, Project},
    setup::{Tools, WASM},
    steps,
};

/// The crate that is the element.
const CRATE: &str = "element";

/// The cargo profile of the element: for size, where the worker's is for speed.
fn profile(optimisation: Optimisation) -> &'static str {
    match optimisation {
        Optimisation::Release => "element",
        Optimisation::Quick => optimisation.profile(),
    }
}

/// The options that make it smallest: `--flatten` and `--rereloop` enable more optimisations in the second and third round;
/// `--low-memory-unused` says that no data is in the first kilobyte, which is the end of the stack.
const OPTIMISE: &[&str] = &["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz", "--low-memory-unused"];

/// The folders of the hand-written scripts, each in the crate that it belongs to.
pub(super) const SOURCES: &[&str] = &[
    "crates/client/js",
    "crates/widget/js",
    "crates/widget/panel",
    "crates/widget/controls",
    "crates/widget/list",
    "crates/element/js",
];

/// The scripts that the wasm calls directly: wasm-bindgen copies them into the glue.
const SNIPPETS: &[&str] = &["crates/client/js/exact.js", "crates/widget/js/format.js", "crates/widget/js/text.js"];

/// The scripts that a page loads, each with the name under which it is served.
const SCRIPTS: &[(&str, &str)] = &[
    ("crates/element/js/loader.js", LOADER),
    ("crates/element/js/preview.js", PREVIEW),
    ("crates/element/js/full.js", FULL),
    ("crates/element/js/plain.js", PLAIN),
    ("crates/widget/panel/panel.js", PANEL),
    ("crates/element/js/controls.js", CONTROLS),
    ("crates/element/js/list-loader.js", LIST),
];

/// The folder of the locales, a file for each, and the folder under which they are served.
const LOCALES: (&str, &str) = ("crates/element/js/locales", "job-progress-locales");

/// The only script that a page with the element names.
pub(crate) const LOADER: &str = "job-progress.js";

/// The only script that a page with the list names. It loads no other.
pub(crate) const LIST: &str = "job-progress-list.js";

/// The style sheet, and what shows the state until the wasm is ready. The loader imports it when an element is first needed.
pub(crate) const PREVIEW: &str = "job-progress-preview.js";

/// The style sheets that scripts import without comments and white space, each with the name of that import. The first one, of
/// every view, imports others of its folder, and so does that of the list.
const STYLES: [(&str, &str); 3] = [
    ("crates/widget/src/sheet.css", "job-progress-style"),
    ("crates/widget/controls/controls.css", "job-progress-controls-style"),
    ("crates/widget/list/list.css", "job-progress-list-style"),
];

/// The replacement for the wasm where a page forbids wasm. The loader imports it only then.
pub(crate) const PLAIN: &str = "job-progress-plain.js";

/// The script that starts the wasm, with the glue that wasm-bindgen generates. The loader imports it when it is first needed.
pub(crate) const FULL: &str = "job-progress-element.js";

/// The name under which [`FULL`] imports the glue.
const GLUE: &str = "job-progress-glue";

/// The compiled crate. The loader passes its response to [`FULL`].
pub(crate) const MODULE: &str = "job-progress-element.wasm";

/// The part that only the detailed variant shows. The loader imports it when it is first needed.
pub(crate) const PANEL: &str = "job-progress-panel.js";

/// The buttons of an element with the attribute `controls`. The loader imports it when it is first needed.
pub(crate) const CONTROLS: &str = "job-progress-controls.js";

/// The output folder.
pub(crate) fn out_dir(project: &Project) -> PathBuf {
    project.root.join("dist/element")
}

/// The names under which all files are served.
pub(crate) fn served(project: &Project) -> Result<Vec<String>> {
    Ok(written(project)?.into_iter().map(|(_, served)| served).chain([MODULE.to_owned()]).collect())
}

/// Every hand-written script, with the name under which it is served.
fn written(project: &Project) -> Result<Vec<(PathBuf, String)>> {
    let (source, served) = LOCALES;
    let locales = entries(&project.root.join(source))?.into_iter().filter_map(|path| {
        let name = format!("{served}/{}", path.file_name()?.to_str()?);
        Some((path, name))
    });
    let scripts = SCRIPTS.iter().map(|(entry, served)| (project.root.join(entry), (*served).to_owned()));
    Ok(scripts.chain(locales).collect())
}

/// Builds the element: the one that is shipped; or quickly, unless the former is built.
pub(super) fn build(project: &Project, tools: &Tools, optimisation: Optimisation) -> Result<()> {
    let results = [glue(project)?, out_dir(project).join(MODULE)];
    let wanted = |optimisation| fingerprint(project, tools, optimisation);
    if !fingerprint::is_current(project, CRATE, wanted(Optimisation::Release)?, &results)? {
        fingerprint::build_if_changed(project, CRATE, wanted(optimisation)?, &results, || {
            compile(project, optimisation)?;
            steps::step("shrink the element", || shrink(project, tools, optimisation))
        })?;
    }
    scripts(project, tools)
}

fn fingerprint(project: &Project, tools: &Tools, optimisation: Optimisation) -> Result<Fingerprint> {
    let mut fingerprint = Fingerprint::new(project, &tools.versions);
    for dir in project.sources_of(CRATE)? {
        for entry in entries(&dir)? {
            // The compiler does not read the npm package, and of the scripts only the snippets.
            if !["js", "npm", "panel", "controls", "list"].iter().any(|name| entry.ends_with(name)) {
                fingerprint.add(&entry)?;
            }
        }
    }
    for file in ["Cargo.toml", "Cargo.lock"].iter().chain(SNIPPETS) {
        fingerprint.add(&project.root.join(file))?;
    }
    let recipes = [
        include_str!("element.rs"),
        include_str!("link.rs"),
        include_str!("names.rs"),
        include_str!("order.rs"),
        include_str!("prune.rs"),
        include_str!("panic_texts.rs"),
        include_str!("start.js"),
        include_str!("trim.rs"),
        include_str!("wasm.rs"),
    ];
    for recipe in recipes {
        fingerprint.add_as("recipe", recipe.as_bytes());
    }
    fingerprint.add_as("profile", profile(optimisation).as_bytes());
    Ok(fingerprint)
}

/// Compiles the crate.
pub(super) fn compile(project: &Project, optimisation: Optimisation) -> Result<()> {
    let mut cargo = Command::new(project::cargo());
    cargo.args(["build", "--profile", profile(optimisation), "--package", CRATE, "--target", WASM]);
    cargo.current_dir(&project.root);
    // A quick build has the crates of the worker's, which another linker would make cargo compile again.
    if optimisation == Optimisation::Release {
        link::wrap_linker(&mut cargo)?;
        // Cargo does not know that the linker changed, so it would not link again.
        files::remove(&compiled(project, optimisation, "deps/element.wasm"))?;
    }
    steps::logged("compile the element", &project.scratch()?.join("element.log"), &mut cargo)
}

/// A file that the compiler made.
fn compiled(project: &Project, optimisation: Optimisation, file: &str) -> PathBuf {
    project.target.join(WASM).join(profile(optimisation)).join(file)
}

/// The glue, pruned: what the wasm imports and how to call what it exports.
fn glue(project: &Project) -> Result<PathBuf> {
    Ok(project.scratch()?.join("element").join(GLUE).with_extension("pruned.js"))
}

/// Turns cargo's output into the glue and the wasm that is served.
fn shrink(project: &Project, tools: &Tools, optimisation: Optimisation) -> Result<()> {
    let made = glue(project)?.with_file_name(GLUE);
    let work = made.parent().context("the glue is in no folder")?;
    let mut bindgen = Command::new(&tools.wasm_bindgen);
    bindgen.args(["--target", "web", "--no-typescript", "--omit-default-module-path"]);
    bindgen.args(["--out-name", GLUE, "--out-dir"]).arg(work);
    bindgen.arg(compiled(project, optimisation, "element.wasm"));
    steps::output(&mut bindgen)?;
    let pruned = prune(project, &made.with_extension("js"), &work.join(format!("{GLUE}_bg.wasm")))?;

    let out = out_dir(project);
    fs::create_dir_all(&out)?;
    let (optimised, ordered) = (work.join("optimised.wasm"), work.join("ordered.wasm"));
    let rounds = if optimisation == Optimisation::Release { OPTIMISE } else { &[] };
    let mut optimise = project.npm_command("wasm-opt")?;
    optimise.args(rounds).arg(pruned.wasm).arg("--output").arg(&optimised);
    steps::output(&mut optimise)?;
    order::by_content(project, &optimised, &ordered)?;
    names::shorten(project, &pruned.glue, &ordered, &out.join(MODULE))?;
    erase(&out.join(MODULE))
}

fn scripts(project: &Project, tools: &Tools) -> Result<()> {
    let mut fingerprint = Fingerprint::new(project, &tools.versions);
    for source in SOURCES {
        fingerprint.add(&project.root.join(source))?;
    }
    fingerprint.add(&project.root.join("crates/widget/src"))?;
    fingerprint.add_as("recipe", include_str!("element.rs").as_bytes());
    let glue = glue(project)?;
    fingerprint.add(&glue)?;
    let out = out_dir(project);
    let written = written(project)?;
    let results: Vec<PathBuf> = written.iter().map(|(_, served)| out.join(served)).collect();
    fingerprint::build_if_changed(project, "scripts", fingerprint, &results, || {
        steps::step("bundle the scripts", || {
            let alias = |name: &str, file: &Path| format!("--alias:{name}={}", file.display());
            let mut options = vec![alias(GLUE, &glue)];
            for (style, name) in STYLES {
                let minified = glue.with_file_name(name).with_extension("css");
                esbuild(project, &project.root.join(style), &minified, &["--bundle"])?;
                options.push(alias(name, &minified));
            }
            options.extend([PREVIEW, FULL, PANEL, PLAIN, CONTROLS].map(|name| format!("--external:./{name}")));
            options.extend(
                ["--bundle", "--loader:.css=text", "--define:import.meta.hasWasmInside=false"].map(str::to_owned),
            );
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            written.iter().try_for_each(|(entry, served)| esbuild(project, entry, &out.join(served), &options))
        })
    })
}

/// Minifies a script for current browsers, and bundles it if `options` say so.
pub(crate) fn esbuild(project: &Project, entry: &Path, served: &Path, options: &[&str]) -> Result<()> {
    let mut esbuild = project.npm_command("esbuild")?;
    esbuild.arg(entry).args(["--minify", "--format=esm", "--target=es2022", "--log-level=warning"]);
    // Browsers read modules as UTF-8, independent of the charset that a server declares.
    esbuild.arg("--charset=utf8");
    esbuild.args(options).arg(format!("--outfile={}", served.display()));
    steps::output(&mut esbuild).map(drop).with_context(|| format!("esbuild cannot read {}", entry.display()))
}
