//! No files of a crate import each other in a circle.
//!
//! A file imports another when a path in it that begins with `crate`, `super` or `self` ends in the other; a name that a
//! module merely re-exports counts as an import of the file that defines it. The step from a module to its own
//! descendants does not count: a parent is made of its children, and children may use what their parent defines. So a
//! circle always holds two files of which neither is an ancestor of the other, and one of them can do without the other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    none,
    rust_paths::{self, CRATE, Path, Paths},
    scripts,
    source::{self, Source},
};

/// The modules of one crate root, each with the file that holds it.
type Modules = BTreeMap<Path, Module>;

struct Module {
    file: String,
    paths: Paths,
}

#[test]
fn no_rust_files_import_each_other_in_a_circle() {
    let sources: Vec<Source> = source::code().into_iter().filter(|source| source.is("rs")).collect();
    let found = roots(&sources).into_iter().flat_map(|root| circles(&imports(&modules(&root, &sources))));
    none(found.collect());
}

#[test]
fn no_scripts_import_each_other_in_a_circle() {
    let sources: Vec<Source> = source::code()
        .into_iter()
        .filter(|source| scripts::EXTENSIONS.iter().any(|extension| source.is(extension)))
        .collect();
    let imports: Vec<_> = sources.iter().map(|script| (script.name.as_str(), scripts::imports(script))).collect();
    let imports = imports.iter().map(|(name, targets)| (*name, targets.iter().map(String::as_str).collect())).collect();
    none(circles(&imports).into_iter().collect());
}

/// The folders that hold the root of a crate, each with a slash at its end.
fn roots(sources: &[Source]) -> BTreeSet<String> {
    let folder =
        |source: &Source| source.name.strip_suffix("lib.rs").or(source.name.strip_suffix("main.rs")).map(str::to_owned);
    sources.iter().filter_map(folder).filter(|folder| folder.ends_with('/')).collect()
}

fn modules(root: &str, sources: &[Source]) -> Modules {
    let mut modules = Modules::new();
    for source in sources {
        let Some(name) = source.name.strip_prefix(root).and_then(|name| name.strip_suffix(".rs")) else { continue };
        let below = if name == "lib" || name == "main" { "" } else { name };
        let path: Path =
            [CRATE].into_iter().chain(below.split('/').filter(|part| !part.is_empty())).map(str::to_owned).collect();
        let paths = rust_paths::read(&source.text, &path);
        modules.entry(path).or_insert_with(|| Module { file: source.name.clone(), paths });
    }
    modules
}

/// What each file imports, but for its own descendants.
fn imports(modules: &Modules) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut imports = BTreeMap::new();
    for (path, module) in modules {
        let found = module.paths.all.iter().filter_map(|used| resolve(modules, used));
        let others = found.filter(|found| !found.starts_with(path)).filter_map(|found| modules.get(found));
        imports.insert(module.file.as_str(), others.map(|other| other.file.as_str()).collect());
    }
    imports
}

/// The module in which a path ends. Re-exports are followed a few times: they can lead in circles too.
fn resolve<'a>(modules: &'a Modules, path: &[String]) -> Option<&'a [String]> {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let length = (1..=path.len()).rev().find(|length| modules.contains_key(&path[..*length]))?;
        let (module, _) = modules.get_key_value(&path[..length])?;
        let import = path.get(length).and_then(|name| modules[module].paths.imports.get(name));
        match import.filter(|import| import.first().is_some_and(|first| first == CRATE) && **import != path) {
            Some(import) => path = [import.as_slice(), &path[length + 1..]].concat(),
            None => return Some(module),
        }
    }
    None
}

/// The shortest circle through each file that is in one, once each.
fn circles(imports: &BTreeMap<&str, BTreeSet<&str>>) -> BTreeSet<String> {
    let mut circles = BTreeSet::new();
    for start in imports.keys() {
        let Some(mut circle) = shortest(imports, start) else { continue };
        let first = circle.iter().enumerate().min_by_key(|(_, file)| **file).map_or(0, |(index, _)| index);
        circle.rotate_left(first);
        circles.insert(format!("{} -> {}", circle.join(" -> "), circle[0]));
    }
    circles
}

fn shortest<'a>(imports: &BTreeMap<&'a str, BTreeSet<&'a str>>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut open = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = open.pop_front() {
        for next in imports.get(way[way.len() - 1]).into_iter().flatten() {
            if *next == start {
                return Some(way);
            }
            if seen.insert(*next) {
                open.push_back([way.as_slice(), &[*next]].concat());
            }
        }
    }
    None
}

#[test]
fn siblings_in_a_circle_are_found_and_parents_with_children_are_not() {
    let source =
        |name: &str, text: &str| Source { name: format!("src/{name}"), path: name.into(), text: text.to_owned() };
    let sources = [
        source("lib.rs", "mod a; mod b; mod parent; pub use b::B; use parent::P;"),
        source("a.rs", "use crate::B; pub struct A;"),
        source("b.rs", "use super::a::A; pub struct B;"),
        source("parent.rs", "mod child; use child::C; pub struct P;"),
        source("parent/child.rs", "use super::P; pub struct C;"),
    ];
    let found = circles(&imports(&modules("src/", &sources)));
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["src/a.rs -> src/b.rs -> src/a.rs"]);
}
