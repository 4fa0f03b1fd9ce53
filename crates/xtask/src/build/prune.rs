//! Takes out of wasm-bindgen's output what nobody asks the element for.
//!
//! The glue can start in more ways than we use. esbuild drops what nothing names, and what the glue calls no more
//! `wasm-metadce` drops from the wasm.

use crate::project::Project;
use crate::steps;
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is left, still to be optimised.
pub(super) struct Pruned {
    pub(super) glue: PathBuf,
    pub(super) wasm: PathBuf,
}

/// Prunes `glue` and `wasm`; what it makes is put beside them.
pub(super) fn prune(project: &Project, glue: &Path, wasm: &Path) -> Result<Pruned> {
    let pruned = Pruned { glue: glue.with_extension("pruned.js"), wasm: wasm.with_extension("pruned.wasm") };
    let source = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;

    // A registry has an effect only when something is registered in it; esbuild cannot know.
    let plain = glue.with_extension("plain.js");
    fs::write(&plain, source.replace(": new FinalizationRegistry", ": /* @__PURE__ */ new FinalizationRegistry"))?;
    let entry = glue.with_extension("entry.js");
    fs::write(&entry, format!("export {{ default, {} }} from {plain:?};\n", exports(&source).join(", ")))?;
    let mut esbuild = project.npm_command("esbuild")?;
    esbuild.arg(entry).args(["--bundle", "--minify-syntax", "--format=esm", "--target=es2022", "--log-level=warning"]);
    esbuild.args(["--define:Symbol.dispose=undefined", &format!("--outfile={}", pruned.glue.display())]);
    steps::output(&mut esbuild)?;

    let rest = fs::read_to_string(&pruned.glue)?;
    let called = calls(&rest);
    if called.is_empty() {
        bail!("the glue calls nothing of the wasm: has wasm-bindgen changed what it writes?");
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

/// The names that the crate exports.
fn exports(glue: &str) -> Vec<&str> {
    let declared = |line: &'static str| glue.lines().filter_map(move |other| other.strip_prefix(line));
    declared("export class ").chain(declared("export function ")).map(leading_name).collect()
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
    fn what_the_crate_exports_is_kept() {
        let glue = "export class Mounted {\n}\nexport function style() {\n}\nfunction initSync() {\n}\n";
        assert_eq!(exports(glue), ["Mounted", "style"]);
    }

    #[test]
    fn every_use_of_the_wasm_is_seen() {
        let glue = "wasm.mounted_new(a); wasm.__wbindgen_free(b); wasm = x; ptr => wasm.wasm_invoke__h12$(ptr)";
        assert!(calls(glue).into_iter().eq(["__wbindgen_free", "mounted_new", "wasm_invoke__h12$"]));
    }
}
