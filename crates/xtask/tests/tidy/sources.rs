//! What a source file looks like, and what must not stand in it.

use crate::{none, root};
use std::fs;
use std::path::{Path, PathBuf};

/// Where what we wrote is.
const ROOMS: &[&str] = &["crates", "tests", "www"];

/// Folders that hold what programs made.
const MADE: &[&str] = &["target", "node_modules", "dist", "build"];

/// What counts as code.
const CODE: &[&str] = &["rs", "js", "mjs", "ts", "css", "html", "sh", "py"];

/// Over 400 lines a file wants a second room; from here on it fails.
const MOST_LINES: usize = 600;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "types", "misc"];

/// Words that say a thing is not done. They are put together here so that this file holds none of them.
const UNDONE: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("dbg", "!("), concat!("#[ig", "nore"), concat!("to", "do!(")];

#[test]
fn every_module_says_what_lives_in_it() {
    let silent = |source: &Source| source.is("rs") && !source.text.starts_with("//! ");
    none(all(|source| silent(source).then(|| "does not open with `//! `".to_owned())));
}

#[test]
fn no_file_is_too_long() {
    let long = |source: &Source| source.text.lines().count() > MOST_LINES;
    none(all(|source| long(source).then(|| format!("has over {MOST_LINES} lines"))));
}

#[test]
fn nothing_is_left_undone() {
    let undone = |source: &Source| UNDONE.iter().find(|word| source.text.contains(**word));
    none(all(|source| undone(source).map(|word| format!("holds `{word}`"))));
}

#[test]
fn every_file_is_named_for_what_it_holds() {
    let stem = |source: &Source| source.path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let empty = |source: &Source| stem(source).is_some_and(|stem| EMPTY_NAMES.contains(&stem.as_str()));
    none(all(|source| empty(source).then(|| "has a name that says nothing".to_owned())));
    none(all(|source| source.path.ends_with("mod.rs").then(|| "should be named for its module".to_owned())));
}

#[test]
fn the_core_waits_for_nothing() {
    let core = |source: &Source| source.within("crates/protocol/src") || source.within("crates/engine/src");
    let waits = |source: &Source| core(source) && source.says(&[".await", "async fn", "async move", "async {"]);
    none(all(|source| waits(source).then(|| "is async".to_owned())));
}

#[test]
fn sql_stands_in_the_store_alone() {
    let store = |source: &Source| source.name.contains("/store") || source.name.contains("/schema");
    let statements = ["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "CREATE TABLE"];
    let asks = |source: &Source| source.within("crates/edge/src") && !store(source) && source.says(&statements);
    none(all(|source| asks(source).then(|| "speaks SQL".to_owned())));
}

#[test]
fn views_stand_in_the_widget_alone() {
    let view = [concat!("vie", "w!")];
    let draws = |source: &Source| source.is("rs") && !source.within("crates/widget") && source.says(&view);
    none(all(|source| draws(source).then(|| "draws".to_owned())));
}

#[test]
fn the_widget_fetches_nothing() {
    let ways = ["fetch_with", "gloo_net", "reqwest", "EventSource", "XmlHttpRequest"];
    let fetches = |source: &Source| source.within("crates/widget/src") && source.says(&ways);
    none(all(|source| fetches(source).then(|| "fetches".to_owned())));
}

/// What is wrong with each source, under its name.
fn all(wrong: impl Fn(&Source) -> Option<String>) -> Vec<String> {
    sources().iter().filter_map(|source| Some(format!("{} {}", source.name, wrong(source)?))).collect()
}

struct Source {
    /// From the root, with slashes.
    name: String,
    path: PathBuf,
    text: String,
}

impl Source {
    fn is(&self, extension: &str) -> bool {
        self.path.extension().is_some_and(|found| found == extension)
    }

    fn within(&self, room: &str) -> bool {
        self.name.starts_with(room)
    }

    /// Whether a line that is no comment holds one of the words.
    fn says(&self, words: &[&str]) -> bool {
        let mut code = self.text.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.any(|line| words.iter().any(|word| line.contains(word)))
    }
}

fn sources() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = ROOMS.iter().map(|room| root.join(room)).filter(|room| room.is_dir()).collect();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !name.starts_with('.') && !MADE.contains(&name) {
                open.push(path);
            } else if path.is_file()
                && path.extension().is_some_and(|extension| CODE.iter().any(|code| extension == *code))
            {
                found.push(read(&root, path));
            }
        }
    }
    assert!(!found.is_empty(), "there are no sources");
    found
}

fn read(root: &Path, path: PathBuf) -> Source {
    let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    Source { text: fs::read_to_string(&path).unwrap(), name, path }
}
