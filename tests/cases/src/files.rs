//! Reads the files of a folder of cases. A file that cannot be read is an error, never a file without cases.

use std::{fs, path::Path};

use serde::{Deserialize, de::DeserializeOwned};

use crate::{bad_request::BadRequestFile, case::Case, case::FoldCase, producer::ProducerCase};

/// A case and where it comes from.
#[derive(Clone, Debug)]
pub struct Sourced<C> {
    /// The name of its file, without `.json`.
    pub file: String,
    /// The case.
    pub case: C,
}

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile<C> {
    #[serde(rename = "about")]
    _about: String,
    cases: Vec<C>,
}

/// The cases of `api/`.
///
/// # Errors
///
/// The file that cannot be read, and why; so do the other functions of this module.
pub fn api() -> Result<Vec<Sourced<Case>>, String> {
    cases("api")
}

/// The cases of `sse/`.
///
/// # Errors
///
/// As [`api`].
pub fn sse() -> Result<Vec<Sourced<Case>>, String> {
    cases("sse")
}

/// The cases of `fold/`.
///
/// # Errors
///
/// As [`api`].
pub fn fold() -> Result<Vec<Sourced<FoldCase>>, String> {
    cases("fold")
}

/// The files of `bad/`.
///
/// # Errors
///
/// As [`api`].
pub fn bad() -> Result<Vec<Sourced<BadRequestFile>>, String> {
    files("bad")
}

/// The cases of `producer/`.
///
/// # Errors
///
/// As [`api`].
pub fn producer() -> Result<Vec<Sourced<ProducerCase>>, String> {
    cases("producer")
}

fn cases<C: DeserializeOwned>(folder: &str) -> Result<Vec<Sourced<C>>, String> {
    let files = files::<CaseFile<C>>(folder)?.into_iter();
    Ok(files
        .flat_map(|Sourced { file, case }| case.cases.into_iter().map(move |case| Sourced { file: file.clone(), case }))
        .collect())
}

/// The files of a folder, ordered by name.
fn files<F: DeserializeOwned>(folder: &str) -> Result<Vec<Sourced<F>>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let fault = |error: &dyn std::fmt::Display, path: &Path| format!("{}: {error}", path.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| fault(&error, &folder))? {
        paths.push(entry.map_err(|error| fault(&error, &folder))?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    if paths.is_empty() {
        return Err(format!("{} contains no cases", folder.display()));
    }
    let read = |path: &Path| {
        let text = fs::read_to_string(path).map_err(|error| fault(&error, path))?;
        let case = serde_json::from_str(&text).map_err(|error| fault(&error, path))?;
        let file = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Sourced { file, case })
    };
    paths.iter().map(|path| read(path)).collect()
}
