//! Gives the imports and exports of the wasm names of one or two letters.
//!
//! wasm-bindgen names each after its purpose and adds a hash, which does not compress. Every name is in the wasm and again
//! in the glue: 2.5 KB of gzip together. The glue is edited as text, so a version of wasm-bindgen that writes it in
//! another way is an error here and not a broken element.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{project::Project, steps};

/// The old names, each with its new name.
type Names = BTreeMap<String, String>;

/// The text before an export where the glue uses it.
const EXPORTS: &str = "wasm.";

/// Renames in `wasm`, which is written to `out`, and in `glue`, which is edited in place.
///
/// # Errors
///
/// When a name of the wasm is not in the glue, so that renaming it on one side would separate the two.
pub(super) fn shorten(project: &Project, glue: &Path, wasm: &Path, out: &Path) -> Result<()> {
    let mut optimise = project.npm_command("wasm-opt")?;
    optimise.args(["--minify-imports-and-exports-and-modules", "--strip-producers", "--strip-target-features"]);
    let output = steps::output(optimise.arg(wasm).arg("--output").arg(out))?;
    let map: Value = serde_json::from_str(&output).context("wasm-opt does not print the names that it gave")?;
    let source = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;

    let module = map.pointer("/imports/0/0").and_then(Value::as_str).context("the wasm imports nothing")?;
    let modules =
        map.get("imports").and_then(Value::as_array).into_iter().flatten().filter_map(|entry| entry.get(0)?.as_str());
    // A function of a script that needs no conversion is imported from the script itself, which has no short name.
    if let Some(other) = modules.into_iter().find(|other| *other != module) {
        bail!(
            "the wasm imports from {other}: give its function a text or an optional value, so that the glue calls it"
        );
    }
    let quoted = format!("\"{module}\"");
    if !source.contains(&quoted) {
        bail!("the glue does not contain {quoted}, the module that the wasm imports from: {CHANGED}");
    }
    let source = source.replace(&quoted, "\"a\"");
    fs::write(glue, renamed(&source, &pairs(&map, "imports"), &pairs(&map, "exports"))?)?;
    Ok(())
}

const CHANGED: &str = "has wasm-bindgen or esbuild changed the form of its output?";

/// The last two of each entry; an import has its module before them.
fn pairs(map: &Value, kind: &str) -> Names {
    let entries = map.get(kind).and_then(Value::as_array).into_iter().flatten();
    let pair = |entry: &Value| match entry.as_array()?.as_slice() {
        [.., old, new] => Some((old.as_str()?.to_owned(), new.as_str()?.to_owned())),
        _ => None,
    };
    entries.filter_map(pair).collect()
}

/// Renames imports wherever they are, since their names are unique; exports only behind [`EXPORTS`], since their names
/// may also be names of the glue itself.
fn renamed(glue: &str, imports: &Names, exports: &Names) -> Result<String> {
    let mut text = String::with_capacity(glue.len());
    let (mut imported, mut exported) = (BTreeSet::new(), BTreeSet::new());
    let mut rest = glue;
    while let Some(start) = rest.find(is_of_name) {
        let (before, found) = rest.split_at(start);
        let (name, after) = found.split_at(found.find(|letter| !is_of_name(letter)).unwrap_or(found.len()));
        text.push_str(before);
        let (names, used) = if text.ends_with(EXPORTS) { (exports, &mut exported) } else { (imports, &mut imported) };
        used.insert(name);
        text.push_str(names.get(name).map_or(name, String::as_str));
        rest = after;
    }
    for (kind, names, used) in [("import", imports, &imported), ("export", exports, &exported)] {
        if let Some(missing) = names.keys().find(|name| !used.contains(name.as_str())) {
            bail!("the wasm has the {kind} `{missing}`, but the glue does not use it: {CHANGED}");
        }
    }
    // Found behind `wasm.`, an import would have kept its old name.
    if let Some(left) = imports.iter().find(|(old, new)| old != new && exported.contains(old.as_str())) {
        bail!("the glue still uses the import `{}` under its old name: {CHANGED}", left.0);
    }
    Ok(text + rest)
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

#[cfg(test)]
mod tests {
    use super::{Names, renamed};

    fn names(old: &str, new: &str) -> Names {
        Names::from([(old.to_owned(), new.to_owned())])
    }

    #[test]
    fn imports_are_renamed_everywhere_and_exports_only_behind_wasm() {
        let glue = "{ __wbg_new_c1: function() { return style(); } }; function style() { wasm.style(); }";
        let wanted = "{ $: function() { return style(); } }; function style() { wasm.b(); }";
        assert_eq!(renamed(glue, &names("__wbg_new_c1", "$"), &names("style", "b")).unwrap(), wanted);
    }

    #[test]
    fn a_name_that_the_glue_does_not_use_is_an_error() {
        let error = |imports, exports| renamed("{ a: wasm.b() }", &imports, &exports).unwrap_err().to_string();
        assert!(error(names("gone", "c"), Names::new()).contains("the import `gone`"));
        assert!(error(Names::new(), names("a", "c")).contains("the export `a`"));
    }
}
