//! The programs in the README are the programs that a test runs.

use std::fs;

use crate::{none, root};

/// The programs that the README contains in full, each with the language of its block.
const SHOWN: &[(&str, &str)] = &[
    ("js", "tests/minting/mint.mjs"),
    ("python", "tests/minting/mint.py"),
    ("rust", "tests/minting/rust/mint.rs"),
    ("js", "tests/receivers/receive.mjs"),
    ("python", "tests/receivers/receive.py"),
    ("rust", "tests/receivers/rust/receive.rs"),
];

/// The pages of the clients, whose code tests run.
const CLIENTS: &[&str] = &[
    "crates/client/js/README.md",
    "crates/client/python/README.md",
    "crates/producer/README.md",
    "crates/cli/README.md",
];

#[test]
fn the_readme_shows_code_of_the_pages_of_the_clients() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Clients\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let tested: Vec<String> =
        CLIENTS.iter().flat_map(|page| blocks(&fs::read_to_string(root().join(page)).unwrap())).collect();
    let shown = blocks(section);
    assert!(shown.len() >= CLIENTS.len(), "the section has only {} blocks", shown.len());
    none(
        shown
            .into_iter()
            .filter(|block| !tested.contains(block))
            .map(|block| format!("no client's page has\n{block}"))
            .collect(),
    );
}

/// The code blocks of a page, without their languages.
fn blocks(page: &str) -> Vec<String> {
    let mut parts = page.split("\n```").skip(1);
    let mut found = Vec::new();
    while let Some(block) = parts.next() {
        found.extend(block.split_once('\n').map(|(_, code)| code.to_owned()));
        parts.next();
    }
    found
}

#[test]
fn the_readme_shows_the_programs_that_are_tested() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let shown = |language: &str, program: &str| readme.contains(&format!("\n```{language}\n{program}```\n"));
    let differs = |(language, file): &(&str, &str)| {
        let program = fs::read_to_string(root().join(file)).unwrap();
        (!shown(language, &program)).then(|| format!("README.md does not contain {file} as it is"))
    };
    none(SHOWN.iter().filter_map(differs).collect());
}
