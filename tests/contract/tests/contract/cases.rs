//! Plays all cases; `CASE=word` plays only those whose id holds the word.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use contract::{
    case::{Case, File, FoldCase, files},
    play::{play, play_fold},
    refusal::{RefusalFile, refuse_all},
};
use serde_json::Value;

/// As many at once as a small machine can bear.
const THREADS: usize = 8;
/// Bad requests that are sent to one job, one after another.
const REFUSALS_A_JOB: usize = 40;

/// Plays `items` on several threads and tells of all that failed, not only of the first.
fn play_all<T: Sync>(items: &[T], play: impl Fn(&T) -> Result<(), String> + Sync) {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = play(item) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} failed:\n\n{}", failures.len(), items.len(), failures.join("\n\n"));
}

/// The cases of a folder, each with its file, whose id holds what `CASE` says.
fn chosen<C: serde::de::DeserializeOwned>(folder: &str, id: impl Fn(&C) -> &str) -> Vec<(PathBuf, C)> {
    let word = std::env::var("CASE").unwrap_or_default();
    let all = files::<File<C>>(folder).into_iter();
    let all = all.flat_map(|(path, file)| file.cases.into_iter().map(move |case| (path.clone(), case)));
    all.filter(|(_, case)| id(case).contains(&word)).collect()
}

fn told(path: &std::path::Path, id: &str, name: &str, result: Result<(), String>) -> Result<(), String> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    result.map_err(|error| format!("{file} {id}: {name}\n  {error}"))
}

#[test]
fn every_case_of_the_http_api_holds() {
    let cases = chosen::<Case>("api", |case| &case.id);
    play_all(&cases, |(path, case)| told(path, &case.id, &case.name, play(case)));
}

#[test]
fn every_case_of_the_streams_holds() {
    let cases = chosen::<Case>("sse", |case| &case.id);
    play_all(&cases, |(path, case)| told(path, &case.id, &case.name, play(case)));
}

#[test]
fn every_case_of_the_fold_holds() {
    let cases = chosen::<FoldCase>("fold", |case| &case.id);
    play_all(&cases, |(path, case)| told(path, &case.id, &case.name, play_fold(case)));
}

#[test]
fn every_bad_request_is_refused_by_name_and_changes_nothing() {
    let files = files::<RefusalFile>("bad");
    let count: usize = files.iter().map(|(_, file)| file.refusals.len()).sum();
    assert!(count >= 300, "there are only {count} bad requests");
    let few: Vec<_> = files
        .iter()
        .flat_map(|(path, file)| file.refusals.chunks(REFUSALS_A_JOB).map(move |refusals| (path, file, refusals)))
        .collect();
    play_all(&few, |(path, file, refusals)| {
        let failures = refuse_all(file, refusals);
        let failed = format!("{} of {} failed:\n{}", failures.len(), refusals.len(), failures.join("\n"));
        told(path, &file.about, "", if failures.is_empty() { Ok(()) } else { Err(failed) })
    });
}

/// The ids of all cases.
fn ids() -> Vec<String> {
    let ids = ["api", "sse"].into_iter().flat_map(files::<File<Case>>);
    let ids = ids.flat_map(|(_, file)| file.cases.into_iter().map(|case| case.id));
    let folds = files::<File<FoldCase>>("fold").into_iter();
    ids.chain(folds.flat_map(|(_, file)| file.cases.into_iter().map(|case| case.id))).collect()
}

#[test]
fn no_two_cases_have_the_same_id() {
    let mut seen = HashSet::new();
    for id in ids() {
        assert!(seen.insert(id.clone()), "{id} stands there twice");
    }
}

#[test]
fn every_line_of_the_source_apis_is_shown_by_something_that_is_there() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases/checklist.json");
    let checklist: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let (ids, tests) = (ids(), tests_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")));
    let lines = checklist["sources"].as_array().unwrap().iter().flat_map(|source| source["lines"].as_array().unwrap());
    for line in lines {
        let shown_by: Vec<String> = serde_json::from_value(line["shown_by"].clone()).unwrap();
        assert!(!shown_by.is_empty(), "nothing shows {line}");
        for name in shown_by {
            assert!(
                ids.contains(&name) || tests.contains(&format!("fn {name}(")),
                "{name} shows {line}, and is not there"
            );
        }
    }
}

/// The text of all Rust there is, in which tests are looked for by their names.
fn tests_of(root: &Path) -> String {
    let mut text = String::new();
    let mut open = vec![root.join("crates"), root.join("tests")];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}
