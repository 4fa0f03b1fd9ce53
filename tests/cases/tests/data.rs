//! The case files themselves: each can be read, ids are unique, and the checklist names cases and tests that exist.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

use std::{collections::HashSet, fs, path::Path};

use cases::files::{self, Sourced};
use serde_json::Value;

/// The ids of all cases.
fn ids() -> Vec<String> {
    let http = [files::api().unwrap(), files::sse().unwrap()].concat().into_iter().map(|sourced| sourced.case.id);
    let fold = files::fold().unwrap().into_iter().map(|sourced| sourced.case.id);
    let producer = files::producer().unwrap().into_iter().map(|sourced| sourced.case.id);
    http.chain(fold).chain(producer).collect()
}

#[test]
fn no_two_cases_have_the_same_id() {
    let mut seen = HashSet::new();
    for id in ids() {
        assert!(seen.insert(id.clone()), "two cases have the id {id}");
    }
}

#[test]
fn every_step_of_a_producer_does_one_thing() {
    for Sourced { case, .. } in files::producer().unwrap() {
        for step in &case.steps {
            let does = [
                step.call.is_some(),
                step.request.is_some(),
                step.answer.is_some(),
                step.cut,
                step.expect.is_some(),
                step.flush.is_some(),
            ];
            assert_eq!(does.into_iter().filter(|does| *does).count(), 1, "{}: {step:?}", case.id);
        }
    }
}

#[test]
fn every_bad_request_can_be_read_and_has_a_name_of_its_own() {
    let mut names = HashSet::new();
    for Sourced { file, case } in files::bad().unwrap() {
        for bad in &case.refusals {
            bad.request(&case.request).unwrap();
            assert!(names.insert(format!("{file}/{}", bad.name)), "{file} has two requests named {}", bad.name);
        }
    }
    assert!(names.len() >= 300, "there are only {} bad requests", names.len());
}

#[test]
fn every_line_of_the_source_apis_is_shown_by_a_case_or_test_that_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let checklist: Value = serde_json::from_str(&fs::read_to_string(folder.join("checklist.json")).unwrap()).unwrap();
    let bad = files::bad().unwrap().into_iter();
    let bad = bad.flat_map(|Sourced { file, case }| {
        case.refusals.into_iter().map(move |bad| format!("bad/{file}/{}", bad.name))
    });
    let names: HashSet<String> = ids().into_iter().chain(bad).collect();
    let sources = rust_sources(&folder.join("../.."));
    let lines = checklist["sources"].as_array().unwrap().iter().flat_map(|source| source["lines"].as_array().unwrap());
    for line in lines {
        let shown_by: Vec<String> = serde_json::from_value(line["shown_by"].clone()).unwrap();
        assert!(!shown_by.is_empty(), "no case or test shows {line}");
        for name in shown_by {
            assert!(
                names.contains(&name) || sources.contains(&format!("fn {name}(")),
                "the checklist names `{name}` for {line}, but no such case or test exists"
            );
        }
    }
}

/// The text of all Rust sources, in which tests are found by their names.
fn rust_sources(root: &Path) -> String {
    let mut text = String::new();
    let mut open = vec![root.join("crates"), root.join("tests")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
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
