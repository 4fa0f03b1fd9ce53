//! The rules for our sources that a program can check.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot read the sources should fail"
)]

mod contents;
mod crates;
mod cycles;
mod links;
mod readme;
mod retired_words;
mod rust_paths;
mod scripts;
mod source;
mod style;

use std::path::{Path, PathBuf};

/// The folder of the workspace manifest.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Fails with one line a violation.
fn none(violations: Vec<String>) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}
