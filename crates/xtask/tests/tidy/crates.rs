//! The import table of ARCHITECTURE.md: the crates that each crate may import, in Rust and in JavaScript.

use std::{fs, process::Command};

use cargo_metadata::MetadataCommand;

use crate::{none, root, scripts, source};

/// A row of the table.
struct CrateRule {
    name: String,
    /// The workspace crates that it may import.
    imports: Vec<String>,
    /// The crates that must not be anywhere in its dependency tree.
    never: Vec<String>,
}

/// The head of the table.
const HEAD: &str = "| crate | may import | must not depend on |\n|---|---|---|\n";

/// Prints the crates that a crate is built from, one a line, as for wasm.
const TREE: &[&str] =
    &["tree", "--target", "wasm32-unknown-unknown", "--edges", "normal", "--prefix", "none", "--format", "{p}"];

#[test]
fn no_crate_imports_a_crate_that_its_rule_does_not_allow() {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec().unwrap();
    let rules = rules();
    let is_ours = |name: &str| metadata.packages.iter().any(|package| package.name == name);
    let mut violations = Vec::new();
    for package in &metadata.packages {
        let Some(rule) = rules.iter().find(|rule| *rule.name == *package.name) else {
            violations.push(format!("{} has no row in the import table of ARCHITECTURE.md", package.name));
            continue;
        };
        let imported = package.dependencies.iter().map(|dependency| dependency.name.as_str());
        let denied = imported.filter(|name| is_ours(name) && !has(&rule.imports, name));
        violations.extend(denied.map(|name| format!("{} imports {name}", package.name)));
    }
    none(violations);
}

#[test]
fn no_crate_depends_on_a_crate_that_its_rule_forbids() {
    let mut violations = Vec::new();
    for rule in rules().iter().filter(|rule| !rule.never.is_empty()) {
        let mut cargo = Command::new(env!("CARGO"));
        let output = cargo.args(TREE).args(["--package", &rule.name]).current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let tree = String::from_utf8(output.stdout).unwrap();
        let names = tree.lines().filter_map(|line| line.split(' ').next());
        let forbidden = names.filter(|name| has(&rule.never, name));
        violations.extend(forbidden.map(|name| format!("{} depends on {name}", rule.name)));
    }
    none(violations);
}

#[test]
fn no_script_imports_a_crate_that_its_own_crate_may_not_import() {
    let rules = rules();
    let mut violations = Vec::new();
    for script in source::under("crates", scripts::EXTENSIONS) {
        let Some(rule) = rules.iter().find(|rule| crate_of(&script.name) == Some(&rule.name)) else {
            violations.push(format!("{} is in a crate without a row in the import table", script.name));
            continue;
        };
        let allowed = |target: &str| crate_of(target).is_some_and(|name| name == rule.name || has(&rule.imports, name));
        let denied = scripts::imports(&script).into_iter().filter(|target| !allowed(target));
        violations.extend(denied.map(|target| format!("{} imports {target}", script.name)));
    }
    for page in source::under("www", scripts::EXTENSIONS) {
        let denied = scripts::imports(&page).into_iter().filter(|target| !target.starts_with("www/"));
        violations.extend(denied.map(|target| format!("{} imports {target}", page.name)));
    }
    none(violations);
}

/// The rows of the table. A row is `| [name](folder) | crate, crate | crate, crate |`; an en dash is an empty list.
fn rules() -> Vec<CrateRule> {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, rows) = page.split_once(HEAD).unwrap();
    let list = |cell: &str| -> Vec<String> {
        cell.split(',').map(str::trim).filter(|name| *name != "–").map(str::to_owned).collect()
    };
    let rule = |row: &str| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [link, imports, never] = cells[..] else { panic!("the import table has another form: {row}") };
        let name = link.strip_prefix('[').and_then(|link| link.split_once("]("));
        let (name, _) = name.unwrap_or_else(|| panic!("the import table names a crate without a link: {row}"));
        CrateRule { name: name.to_owned(), imports: list(imports), never: list(never) }
    };
    rows.lines().take_while(|row| row.starts_with('|')).map(rule).collect()
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|one| one == name)
}

/// The crate in whose folder a file is.
fn crate_of(file: &str) -> Option<&str> {
    file.strip_prefix("crates/")?.split('/').next()
}
