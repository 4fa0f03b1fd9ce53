//! The source files that the rules are about.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::root;

/// The folders with our sources.
const FOLDERS: &[&str] = &["crates", "tests", "www"];

/// Folders that programs fill.
const GENERATED: &[&str] = &["target", "node_modules", "dist", "build"];

/// The extensions of code.
const CODE: &[&str] = &["rs", "js", "jsx", "mjs", "ts", "css", "html", "sh", "py"];

/// A source file and its text.
pub(crate) struct Source {
    /// The path from the root, with slashes.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn is(&self, extension: &str) -> bool {
        self.path.extension().is_some_and(|found| found == extension)
    }

    /// Whether the file lies in a folder, given from the root without a final slash.
    pub(crate) fn within(&self, folder: &str) -> bool {
        self.name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether a line that is not a comment contains one of the texts.
    pub(crate) fn contains(&self, texts: &[&str]) -> bool {
        let mut code = self.text.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.any(|line| texts.iter().any(|text| line.contains(text)))
    }
}

/// Every source file of the folders in [`FOLDERS`].
pub(crate) fn code() -> Vec<Source> {
    FOLDERS.iter().flat_map(|folder| under(folder, CODE)).collect()
}

/// Every file below `folder` with one of the extensions. `folder` is given from the root; "" is the root itself.
pub(crate) fn under(folder: &str, extensions: &[&str]) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    let mut open = vec![root.join(folder)];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            if path.is_dir() && !name.starts_with('.') && !GENERATED.contains(&name) {
                open.push(path);
            } else if path.is_file() && extensions.contains(&extension) {
                found.push(read(&root, path));
            }
        }
    }
    assert!(!found.is_empty(), "`{folder}` has no source files");
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// What is wrong with each source file, after the file's name.
pub(crate) fn violations(wrong: impl Fn(&Source) -> Option<String>) -> Vec<String> {
    code().iter().filter_map(|source| Some(format!("{} {}", source.name, wrong(source)?))).collect()
}

fn read(root: &Path, path: PathBuf) -> Source {
    let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    Source { text: fs::read_to_string(&path).unwrap(), name, path }
}
