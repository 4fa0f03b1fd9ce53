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
