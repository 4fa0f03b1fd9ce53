//! The import table: the crates that each crate may import, in Rust and in JavaScript.

use std::process::Command;

use cargo_metadata::MetadataCommand;

use crate::{none, root, scripts, source};

/// A crate, the workspace crates that it may import, and the crates that must not be anywhere in its dependency tree.
struct CrateRule {
    name: &'static str,
    imports: &'static [&'static str],
    never: &'static [&'static str],
}

/// Crates that tie their users to a browser, to the platform, or to a runtime.
const IMPURE: &[&str] =
    &["futures", "getrandom", "js-sys", "leptos", "rand", "tokio", "wasm-bindgen", "web-sys", "worker"];

/// Prints the crates that a crate is built from, one a line, as for wasm.
const TREE: &[&str] =
    &["tree", "--target", "wasm32-unknown-unknown", "--edges", "normal", "--prefix", "none", "--format", "{p}"];

/// A crate without a rule fails the test: decide first what it may import.
const RULES: &[CrateRule] = &[
    CrateRule { name: "protocol", imports: &[], never: IMPURE },
    CrateRule { name: "engine", imports: &["protocol", "cases"], never: IMPURE },
    CrateRule { name: "edge", imports: &["protocol", "engine"], never: &["leptos"] },
    CrateRule { name: "client", imports: &["protocol"], never: &["leptos", "worker"] },
    CrateRule { name: "widget", imports: &["protocol"], never: &["client", "worker"] },
    CrateRule { name: "element", imports: &["client", "widget", "protocol"], never: &["engine", "worker"] },
    CrateRule { name: "xtask", imports: &[], never: &[] },
    CrateRule { name: "cases", imports: &[], never: &[] },
    CrateRule { name: "contract", imports: &["cases"], never: &[] },
    CrateRule { name: "resume", imports: &["client", "engine", "protocol"], never: &[] },
    CrateRule { name: "bench", imports: &["client", "engine", "protocol"], never: &[] },
];

#[test]
fn no_crate_imports_a_crate_that_its_rule_does_not_allow() {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec().unwrap();
    let is_ours = |name: &str| metadata.packages.iter().any(|package| package.name == name);
    let mut violations = Vec::new();
    for package in &metadata.packages {
        let Some(rule) = rule(&package.name) else {
            violations.push(format!("{} has no rule in the import table", package.name));
            continue;
        };
        let imported = package.dependencies.iter().map(|dependency| dependency.name.as_str());
        let denied = imported.filter(|name| is_ours(name) && !rule.imports.contains(name));
        violations.extend(denied.map(|name| format!("{} imports {name}", package.name)));
    }
    none(violations);
}

#[test]
fn no_crate_depends_on_a_crate_that_its_rule_forbids() {
    let mut violations = Vec::new();
    for rule in RULES.iter().filter(|rule| !rule.never.is_empty()) {
        let mut cargo = Command::new(env!("CARGO"));
        let output = cargo.args(TREE).args(["--package", rule.name]).current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let tree = String::from_utf8(output.stdout).unwrap();
        let names = tree.lines().filter_map(|line| line.split(' ').next());
        let forbidden = names.filter(|name| rule.never.contains(name));
        violations.extend(forbidden.map(|name| format!("{} depends on {name}", rule.name)));
    }
    none(violations);
}

#[test]
fn no_script_imports_a_crate_that_its_own_crate_may_not_import() {
    let mut violations = Vec::new();
    for script in source::under("crates", scripts::EXTENSIONS) {
        let Some(rule) = crate_of(&script.name).and_then(rule) else {
            violations.push(format!("{} is in a crate without a rule in the import table", script.name));
            continue;
        };
        let allowed =
            |target: &str| crate_of(target).is_some_and(|name| name == rule.name || rule.imports.contains(&name));
        let denied = scripts::imports(&script).into_iter().filter(|target| !allowed(target));
        violations.extend(denied.map(|target| format!("{} imports {target}", script.name)));
    }
    for page in source::under("www", scripts::EXTENSIONS) {
        let denied = scripts::imports(&page).into_iter().filter(|target| !target.starts_with("www/"));
        violations.extend(denied.map(|target| format!("{} imports {target}", page.name)));
    }
    none(violations);
}

fn rule(name: &str) -> Option<&'static CrateRule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// The crate in whose folder a file is.
fn crate_of(file: &str) -> Option<&str> {
    file.strip_prefix("crates/")?.split('/').next()
}
