//! Gives what the wasm imports and exports names of a letter or two.
//!
//! wasm-bindgen calls each after what it does, and adds a hash, of which no compressor can make anything. Every name
//! stands in the wasm and again in the glue: 2.5 KB of gzip together.

use crate::project::Project;
use crate::steps;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The old names, each with the new one.
type Names = BTreeMap<String, String>;

/// What comes before an export where the glue uses it.
const EXPORTS: &str = "wasm.";

/// Renames in `wasm`, which is written to `out`, and in `glue`, which stays where it is.
pub(super) fn shorten(project: &Project, glue: &Path, wasm: &Path, out: &Path) -> Result<()> {
    let mut optimise = project.npm_command("wasm-opt")?;
    optimise.args(["--minify-imports-and-exports-and-modules", "--strip-producers", "--strip-target-features"]);
    let told = steps::output(optimise.arg(wasm).arg("--output").arg(out))?;
    let told: Value = serde_json::from_str(&told).context("wasm-opt does not tell the names it gave")?;
    let source = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;

    let module = told.pointer("/imports/0/0").and_then(Value::as_str).context("the wasm imports nothing")?;
    let source = source.replace(&format!("\"{module}\""), "\"a\"");
    fs::write(glue, renamed(&source, &pairs(&told, "imports"), &pairs(&told, "exports")))?;
    Ok(())
}

/// The last two of each entry: an import has its module before them.
fn pairs(told: &Value, kind: &str) -> Names {
    let entries = told.get(kind).and_then(Value::as_array).into_iter().flatten();
    let pair = |entry: &Value| match entry.as_array()?.as_slice() {
        [.., old, new] => Some((old.as_str()?.to_owned(), new.as_str()?.to_owned())),
        _ => None,
    };
    entries.filter_map(pair).collect()
}

/// Imports have names that nothing else has; those of exports may also be names of the glue's own.
fn renamed(glue: &str, imports: &Names, exports: &Names) -> String {
    let mut text = String::with_capacity(glue.len());
    let mut rest = glue;
    while let Some(start) = rest.find(is_of_name) {
        let (before, found) = rest.split_at(start);
        let (name, after) = found.split_at(found.find(|letter| !is_of_name(letter)).unwrap_or(found.len()));
        text.push_str(before);
        let names = if text.ends_with(EXPORTS) { exports } else { imports };
        text.push_str(names.get(name).map_or(name, String::as_str));
        rest = after;
    }
    text + rest
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

#[cfg(test)]
mod tests {
    use super::{Names, renamed};

    #[test]
    fn imports_are_renamed_everywhere_and_exports_where_the_wasm_has_them() {
        let names = |old: &str, new: &str| Names::from([(old.to_owned(), new.to_owned())]);
        let glue = "{ __wbg_new_c1: function() { return style(); } }; function style() { wasm.style(); }";
        let wanted = "{ $: function() { return style(); } }; function style() { wasm.b(); }";
        assert_eq!(renamed(glue, &names("__wbg_new_c1", "$"), &names("style", "b")), wanted);
    }
}
