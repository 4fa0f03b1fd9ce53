//! Links and paths in the pages that people read lead to files and headings that exist.

use std::fs;

use crate::{none, root};

/// The pages that are checked.
const PAGES: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "crates/protocol/PROTOCOL.md",
    "crates/element/npm/README.md",
    "crates/client/js/README.md",
    "crates/client/python/README.md",
    "crates/producer/README.md",
    "crates/cli/README.md",
    "tests/bench/README.md",
    "tests/cases/README.md",
];

#[test]
fn every_link_in_a_page_leads_to_a_file_or_a_heading() {
    let mut violations = Vec::new();
    for page in PAGES {
        let path = root().join(page);
        let text = fs::read_to_string(&path).unwrap();
        for target in links(&text).filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let found =
                file.exists() && (anchor.is_empty() || has_heading(&fs::read_to_string(&file).unwrap(), anchor));
            if !found {
                violations.push(format!("{page}: {target}"));
            }
        }
    }
    none(violations);
}

#[test]
fn every_path_that_a_page_names_exists() {
    let mut violations = Vec::new();
    for page in PAGES {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let quoted = text.split('`').skip(1).step_by(2);
        let paths =
            quoted.filter(|quoted| ["crates/", "tests/", "www/"].iter().any(|folder| quoted.starts_with(folder)));
        for path in paths.filter(|path| !path.contains([' ', '*', '\n']) && !exists(page, path)) {
            violations.push(format!("{page}: {path}"));
        }
    }
    none(violations);
}

/// Whether a path leads to a file, from the root or from the folder of the page.
fn exists(page: &str, path: &str) -> bool {
    root().join(path).exists() || root().join(page).parent().unwrap().join(path).exists()
}

/// The targets of inline links.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// Whether a heading of the page has that anchor, by GitHub's rule.
fn has_heading(text: &str, anchor: &str) -> bool {
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    headings.map(|heading| slug(heading.trim_start_matches('#').trim())).any(|slug| slug == anchor)
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}
