//! Removes from wasm-bindgen's output what the element does not use.
//!
//! The glue can start in more ways than the element does. esbuild removes the functions that nothing names; then
//! `wasm-metadce` removes from the wasm what the glue no longer calls.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::{link::NOT_OURS, trim::trimmed};
use crate::{project::Project, steps};

/// The pruned files, still to be optimised.
pub(super) struct Pruned {
    pub(super) glue: PathBuf,
    pub(super) wasm: PathBuf,
}

/// Prunes `glue` and `wasm`; the results are written beside them.
///
/// # Errors
///
/// When the glue declares no export or calls nothing of the wasm: then its form has changed.
pub(super) fn prune(project: &Project, glue: &Path, wasm: &Path) -> Result<Pruned> {
    let pruned = Pruned { glue: glue.with_extension("pruned.js"), wasm: wasm.with_extension("pruned.wasm") };
    let source = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;

    let plain = glue.with_extension("plain.js");
    fs::write(&plain, trimmed(&source)?)?;
    let entry = glue.with_extension("entry.js");
    let exports = exports(&source);
    if exports.is_empty() {
        bail!("the glue exports nothing: has wasm-bindgen changed the form of its output?");
    }
    fs::write(&entry, format!("export {{ default, {} }} from {plain:?};\n", exports.join(", ")))?;
    let mut esbuild = project.npm_command("esbuild")?;
    esbuild.arg(entry).args(["--bundle", "--minify-syntax", "--format=esm", "--target=es2022", "--log-level=warning"]);
    esbuild.args(["--define:Symbol.dispose=undefined", &format!("--outfile={}", pruned.glue.display())]);
    steps::output(&mut esbuild)?;

    let rest = fs::read_to_string(&pruned.glue)?;
    let called = calls(&rest);
    if called.is_empty() {
        bail!("the glue calls nothing of the wasm: has wasm-bindgen changed the form of its output?");
    }
    let mut graph = vec![json!({ "name": "glue", "root": true, "reaches": called })];
    graph.extend(called.iter().map(|name| json!({ "name": name, "export": name })));
    let file = glue.with_extension("graph.json");
    fs::write(&file, serde_json::to_string(&graph)?)?;
    let mut metadce = project.npm_command("wasm-metadce")?;
    metadce.arg(wasm).arg("--graph-file").arg(file).arg("--output").arg(&pruned.wasm);
    steps::output(&mut metadce)?;
    Ok(pruned)
}

/// The names that the crate exports; the glue also exports the classes of other crates.
fn exports(glue: &str) -> Vec<&str> {
    let declared =
        |line: &'static str| glue.lines().filter_map(move |other| other.strip_prefix(line)).map(leading_name);
    let is_ours = |name: &&str| !NOT_OURS.iter().any(|part| name.to_lowercase().contains(part));
    declared("export class ").chain(declared("export function ")).filter(is_ours).collect()
}

/// The exports of the wasm that the glue uses.
fn calls(glue: &str) -> BTreeSet<&str> {
    glue.split("wasm.").skip(1).map(leading_name).filter(|name| !name.is_empty()).collect()
}

fn leading_name(text: &str) -> &str {
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'));
    text.split_at(end.unwrap_or(text.len())).0
}

#[cfg(test)]
mod tests {
    use super::{calls, exports};

    #[test]
    fn the_exports_of_the_crate_are_kept() {
        let glue = "export class IntoUnderlyingSink {\n}\nexport class Mounted {\n}\nexport function style() {\n}\nfunction initSync() {\n}\n";
        assert_eq!(exports(glue), ["Mounted", "style"]);
    }

    #[test]
    fn every_use_of_the_wasm_is_found() {
        let glue = "wasm.mounted_new(a); wasm.__wbindgen_free(b); wasm = x; ptr => wasm.wasm_invoke__h12$(ptr)";
        assert!(calls(glue).into_iter().eq(["__wbindgen_free", "mounted_new", "wasm_invoke__h12$"]));
    }
}
