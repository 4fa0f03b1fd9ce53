//! The rules of the house that a machine can check.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot read the sources should fail")]

mod imports;
mod links;
mod readme;
mod sources;

use std::path::{Path, PathBuf};

/// The folder of the workspace manifest.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Fails with one line a violation.
fn none(violations: Vec<String>) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}
