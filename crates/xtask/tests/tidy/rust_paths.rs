//! Reads the paths in a Rust file that begin with `crate`, `super` or `self`, and the names that it imports.
//!
//! It works on tokens, so that comments and strings do not count and the bodies of macros do.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path from the root of a crate.
pub(crate) type Path = Vec<String>;

/// The paths of one file.
#[derive(Default)]
pub(crate) struct Paths {
    /// Every path, in `use` declarations and elsewhere.
    pub(crate) all: Vec<Path>,
    /// The names that `use` declarations bind, each with its path.
    pub(crate) imports: BTreeMap<String, Path>,
}

/// Reads the file of `module`. Modules named `tests` inside of it are left out: a test may use what it tests.
pub(crate) fn read(text: &str, module: &[String]) -> Paths {
    let mut paths = Paths::default();
    walk(text.parse().unwrap(), module, &mut paths);
    paths
}

fn walk(tokens: TokenStream, module: &[String], paths: &mut Paths) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if word(&tokens, at) == Some("mod".to_owned())
            && let (Some(name), Some(body)) = (word(&tokens, at + 1), braces(&tokens, at + 2))
        {
            if name != "tests" {
                walk(body, &[module, &[name]].concat(), paths);
            }
            at += 3;
        } else if word(&tokens, at) == Some("use".to_owned()) {
            let mut bound = Vec::new();
            at = tree(&tokens, at + 1, module, &[], &mut bound);
            for (name, path) in bound {
                paths.all.push(path.clone());
                paths.imports.insert(name, path);
            }
        } else if ["crate", "super", "self"].iter().any(|start| word(&tokens, at).is_some_and(|word| word == *start))
            && is_separator(&tokens, at + 1)
        {
            let mut bound = Vec::new();
            at = tree(&tokens, at, module, &[], &mut bound);
            paths.all.extend(bound.into_iter().map(|(_, path)| path));
        } else {
            if let Some(TokenTree::Group(group)) = tokens.get(at) {
                walk(group.stream(), module, paths);
            }
            at += 1;
        }
    }
}

/// Reads a path or a tree of paths that starts at `at`; the index behind it. A path without `crate`, `super` or `self`
/// starts at the module, as one to a child does; those of other crates then lead to nothing.
fn tree(
    tokens: &[TokenTree],
    mut at: usize,
    module: &[String],
    prefix: &[String],
    bound: &mut Vec<(String, Path)>,
) -> usize {
    let mut path = if prefix.is_empty() { module.to_vec() } else { prefix.to_vec() };
    let mut name = path.last().cloned().unwrap_or_default();
    loop {
        if let Some(body) = braces(tokens, at) {
            let body: Vec<TokenTree> = body.into_iter().collect();
            let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
            for part in body.split(is_comma).filter(|part| !part.is_empty()) {
                // An absolute start within braces exists only in `use {crate::a, super::b};`.
                tree(part, 0, module, &path, bound);
            }
            return at + 1;
        }
        let Some(segment) = word(tokens, at) else { break };
        match segment.as_str() {
            "crate" => path = vec![CRATE.to_owned()],
            "super" => drop(path.pop()),
            "self" => {}
            _ => {
                name.clone_from(&segment);
                path.push(segment);
            }
        }
        at += 1;
        if !is_separator(tokens, at) {
            break;
        }
        at += 2;
    }
    if word(tokens, at) == Some("as".to_owned()) {
        name = word(tokens, at + 1).unwrap_or(name);
        at += 2;
    }
    bound.push((name, path));
    at.max(1)
}

/// The first segment of every path and of every module: that of the crate's root.
pub(crate) const CRATE: &str = "crate";

fn word(tokens: &[TokenTree], at: usize) -> Option<String> {
    match tokens.get(at) {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

fn braces(tokens: &[TokenTree], at: usize) -> Option<TokenStream> {
    match tokens.get(at) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        _ => None,
    }
}

/// Whether `::` is at `at`.
fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |at| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    is_colon(at) && is_colon(at + 1)
}

#[test]
fn every_kind_of_path_is_read() {
    let text = "
        use crate::{a::{self, B}, c as d};
        pub(crate) use child::E;
        // crate::comment::X
        fn f() { super::g(); macro_call!(crate::h::I, \"crate::text::X\"); }
        mod inner { use super::j; }
        mod tests { use crate::left_out; }
    ";
    let module = [CRATE, "parent", "own"].map(str::to_owned);
    let paths = read(text, &module);
    let all: Vec<String> = paths.all.iter().map(|path| path.join("::")).collect();
    let wanted = [
        "crate::a",
        "crate::a::B",
        "crate::c",
        "crate::parent::own::child::E",
        "crate::parent::g",
        "crate::h::I",
        "crate::parent::own::j",
    ];
    assert_eq!(all, wanted);
    assert_eq!(paths.imports["d"].join("::"), "crate::c");
}
