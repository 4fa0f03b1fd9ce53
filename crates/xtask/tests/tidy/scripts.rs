//! Reads the relative imports of a JavaScript module.

use std::path::{Component, Path};

use crate::source::Source;

/// The extensions of JavaScript.
pub(crate) const EXTENSIONS: &[&str] = &["js", "jsx", "mjs"];

/// What is written before the path of a static or a dynamic import.
const BEFORE: &[&str] = &["from \"", "import \"", "import(\""];

/// The files that a script imports by a relative path, from the root with slashes.
pub(crate) fn imports(script: &Source) -> Vec<String> {
    let lines = script.text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let after = lines.flat_map(|line| BEFORE.iter().flat_map(|before| line.split(*before).skip(1)));
    let paths = after.filter_map(|rest| rest.split('"').next()).filter(|path| path.starts_with('.'));
    let folder = Path::new(&script.name).parent().unwrap();
    paths.map(|path| normal(&folder.join(path))).collect()
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> String {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()),
            other => parts.push(other.as_os_str().to_string_lossy()),
        }
    }
    parts.join("/")
}

#[test]
fn every_kind_of_import_is_read() {
    let text = r#"
        import { a } from "./a.js";
        export { b } from "../js/b.js";
        import "./c.css";
        const d = () => import("../../other/d.js");
        import fs from "node:fs";
        // import "./comment.js";
    "#;
    let script = Source { name: "crates/x/js/own.js".to_owned(), path: "own.js".into(), text: text.to_owned() };
    let wanted = ["crates/x/js/a.js", "crates/x/js/b.js", "crates/x/js/c.css", "crates/other/d.js"];
    assert_eq!(imports(&script), wanted);
}
