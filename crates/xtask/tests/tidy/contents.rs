//! What a source file must look like, and what it must not contain.

use crate::{
    none,
    source::{Source, violations},
};

/// A file over 400 lines should be split; over this many lines the test fails.
const MOST_LINES: usize = 600;

/// File names that do not say what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "types", "misc"];

/// Marks of unfinished work. They are concatenated so that this file contains none of them.
const UNFINISHED: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("dbg", "!("), concat!("#[ig", "nore"), concat!("to", "do!(")];

/// Ways to make a request, in Rust and in JavaScript.
const REQUESTS: &[&str] =
    &["fetch(", "fetch_with", "gloo_net", "reqwest", "EventSource", "XMLHttpRequest", "XmlHttpRequest"];

#[test]
fn every_module_opens_with_a_sentence_about_itself() {
    let silent = |source: &Source| source.is("rs") && !source.text.starts_with("//! ");
    none(violations(|source| silent(source).then(|| "does not open with `//! `".to_owned())));
}

#[test]
fn no_file_is_too_long() {
    let long = |source: &Source| source.text.lines().count() > MOST_LINES;
    none(violations(|source| long(source).then(|| format!("has over {MOST_LINES} lines"))));
}

#[test]
fn nothing_is_left_unfinished() {
    let unfinished = |source: &Source| UNFINISHED.iter().find(|mark| source.text.contains(**mark));
    none(violations(|source| unfinished(source).map(|mark| format!("contains `{mark}`"))));
}

#[test]
fn every_file_is_named_for_its_contents() {
    let stem = |source: &Source| source.path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let empty = |source: &Source| stem(source).is_some_and(|stem| EMPTY_NAMES.contains(&stem.as_str()));
    none(violations(|source| empty(source).then(|| "has a name that does not say what is inside".to_owned())));
    none(violations(|source| source.path.ends_with("mod.rs").then(|| "should be named for its module".to_owned())));
}

#[test]
fn protocol_and_engine_contain_no_async_code() {
    let core = |source: &Source| source.within("crates/protocol/src") || source.within("crates/engine/src");
    let is_async = |source: &Source| core(source) && source.contains(&[".await", "async fn", "async move", "async {"]);
    none(violations(|source| is_async(source).then(|| "is async".to_owned())));
}

#[test]
fn only_the_store_and_the_schema_contain_sql() {
    let store = |source: &Source| source.name.contains("/store") || source.name.contains("/schema");
    let statements = ["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "CREATE TABLE"];
    let sql = |source: &Source| source.within("crates/edge/src") && !store(source) && source.contains(&statements);
    none(violations(|source| sql(source).then(|| "contains SQL".to_owned())));
}

#[test]
fn only_the_widget_contains_views() {
    let view = [concat!("vie", "w!")];
    let views = |source: &Source| source.is("rs") && !source.within("crates/widget") && source.contains(&view);
    none(violations(|source| views(source).then(|| "contains a view".to_owned())));
}

#[test]
fn the_widget_makes_no_requests_in_rust_or_javascript() {
    let requests = |source: &Source| source.within("crates/widget") && source.contains(REQUESTS);
    none(violations(|source| requests(source).then(|| "makes a request".to_owned())));
}
