//! Which room may know which.

use crate::{none, root};
use serde_json::Value;
use std::process::Command;

/// A crate, the crates of ours it may import, and what must not be in its dependency tree at all.
struct Room {
    name: &'static str,
    ours: &'static [&'static str],
    never: &'static [&'static str],
}

/// What ties a crate to a browser, to the platform, or to a runtime.
const WORLDLY: &[&str] =
    &["futures", "getrandom", "js-sys", "leptos", "rand", "tokio", "wasm-bindgen", "web-sys", "worker"];

/// What a crate is built from, a line a crate, where nothing native is.
const TREE: &[&str] =
    &["tree", "--target", "wasm32-unknown-unknown", "--edges", "normal", "--prefix", "none", "--format", "{p}"];

/// A crate that is not named here fails the test: it has no place in the design yet.
const ROOMS: &[Room] = &[
    Room { name: "protocol", ours: &[], never: WORLDLY },
    Room { name: "engine", ours: &["protocol", "cases"], never: WORLDLY },
    Room { name: "edge", ours: &["protocol", "engine"], never: &["leptos"] },
    Room { name: "client", ours: &["protocol"], never: &["leptos", "worker"] },
    Room { name: "widget", ours: &["protocol"], never: &["client", "worker"] },
    Room { name: "element", ours: &["client", "widget", "protocol"], never: &["engine", "worker"] },
    Room { name: "xtask", ours: &[], never: &[] },
    Room { name: "cases", ours: &[], never: &[] },
    Room { name: "contract", ours: &["cases"], never: &[] },
    Room { name: "resume", ours: &["client", "engine", "protocol"], never: &[] },
    Room { name: "bench", ours: &["client", "engine", "protocol"], never: &[] },
];

#[test]
fn no_room_imports_what_the_design_denies_it() {
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let names: Vec<_> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut violations = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
            violations.push(format!("{name} has no line in the import table"));
            continue;
        };
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        for imported in dependencies.filter_map(|dependency| dependency["name"].as_str()) {
            if names.contains(&imported) && !room.ours.contains(&imported) {
                violations.push(format!("{name} imports {imported}"));
            }
        }
    }
    none(violations);
}

#[test]
fn no_room_depends_on_what_it_must_never_know() {
    let mut violations = Vec::new();
    for room in ROOMS.iter().filter(|room| !room.never.is_empty()) {
        let tree = cargo(&[TREE, &["--package", room.name]].concat());
        let names = tree.lines().filter_map(|line| line.split(' ').next());
        violations.extend(
            names.filter(|name| room.never.contains(name)).map(|name| format!("{} depends on {name}", room.name)),
        );
    }
    none(violations);
}

fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
