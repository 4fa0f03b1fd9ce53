//! Replaces parts of wasm-bindgen's glue that serve other uses than the element's: 900 bytes of gzip.
//!
//! The glue is edited as text, so a version of wasm-bindgen that writes it in another way is an error here and not a larger
//! element.

use anyhow::{Result, bail};

/// How the glue starts the wasm.
const START: &str = include_str!("start.js");

/// The text of the glue before wasm-bindgen's own start is exported.
const EXPORT: &str = "\nexport { initSync, __wbg_init as default };";

/// Texts of the glue, each with what takes its place.
const EDITS: &[(&str, &str)] = &[
    (EXPORT, ""),
    // Every browser that the element supports has it. A registry has an effect only when something is registered in it;
    // esbuild cannot know.
    (
        "(typeof FinalizationRegistry === 'undefined')\n    ? { register: () => {}, unregister: () => {} }\n    : new FinalizationRegistry",
        "/* @__PURE__ */ new FinalizationRegistry",
    ),
    ("!('encodeInto' in cachedTextEncoder)", "false"),
    // Every caller passes it.
    ("realloc === undefined", "false"),
    // The memory is replaced only when it grows.
    (
        "cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined && cachedDataViewMemory0.buffer !== wasm.memory.buffer)",
        "cachedDataViewMemory0?.buffer !== wasm.memory.buffer",
    ),
    // Only texts of panics contain it, and those are not printed.
    ("= debugString(", "= String("),
];

/// The glue with each edit applied.
///
/// # Errors
///
/// When the glue does not contain the text of an edit.
pub(super) fn trimmed(glue: &str) -> Result<String> {
    let mut text = glue.to_owned();
    for (found, wanted) in EDITS {
        if !text.contains(found) {
            bail!("the glue does not contain `{found}`: has wasm-bindgen changed the form of its output?");
        }
        text = text.replace(found, wanted);
    }
    Ok(text + START)
}

#[cfg(test)]
mod tests {
    use super::{EDITS, trimmed};

    fn glue() -> String {
        EDITS.iter().map(|(found, _)| *found).collect::<Vec<_>>().join(";\n")
    }

    #[test]
    fn the_glue_starts_the_wasm_in_one_way() {
        let trimmed = trimmed(&glue()).unwrap();
        assert!(trimmed.contains("export default async function init"));
        assert!(!trimmed.contains("initSync"));
        assert_eq!(trimmed.matches("FinalizationRegistry").count(), 1);
    }

    #[test]
    fn a_glue_of_another_form_is_an_error() {
        let other = glue().replace("encodeInto", "encode_into");
        assert!(trimmed(&other).unwrap_err().to_string().contains("encodeInto"));
    }
}
