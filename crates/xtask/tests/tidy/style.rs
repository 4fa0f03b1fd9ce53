//! One style of imports and of documentation, where rustfmt has no stable rule.

use crate::{
    none,
    source::{Source, violations},
};
use std::collections::BTreeSet;

#[test]
fn a_file_has_one_use_declaration_for_each_crate() {
    let twice = |source: &Source| source.is("rs").then(|| roots_twice(&source.text)).filter(|roots| !roots.is_empty());
    let wrong =
        |roots: BTreeSet<String>| format!("has several `use` for {}", roots.into_iter().collect::<Vec<_>>().join(", "));
    none(violations(|source| twice(source).map(wrong)));
}

#[test]
fn a_heading_in_a_doc_comment_stands_between_blank_lines() {
    let crowded = |source: &Source| source.is("rs").then(|| crowded_heading(&source.text)).flatten();
    let wrong = |line: usize| format!("has a heading without a blank line before and after it, in line {line}");
    none(violations(|source| crowded(source).map(wrong)));
}

/// The crates that several private `use` declarations at the top level of a file start with. Those with an attribute, such
/// as `#[cfg(test)]`, do not count.
fn roots_twice(text: &str) -> BTreeSet<String> {
    let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let Some(path) = line.strip_prefix("use ") else { continue };
        if index > 0 && lines[index - 1].starts_with("#[") {
            continue;
        }
        let root: String = path.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        if !root.is_empty() && !seen.insert(root.clone()) {
            twice.insert(root);
        }
    }
    twice
}

/// The number of the first line with such a heading.
fn crowded_heading(text: &str) -> Option<usize> {
    let mut in_code = false;
    // The lines of an example that begin with `#` are no headings.
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_start)
        .map(|line| {
            let is_fence = line.starts_with("/// ```") || line.starts_with("//! ```");
            in_code ^= is_fence;
            if in_code || is_fence { "" } else { line }
        })
        .collect();
    let is_text =
        |line: Option<&&str>, mark: &str| line.is_some_and(|line| line.starts_with(mark) && line.trim_end() != mark);
    let crowded = |index: usize, mark: &str| {
        let before = index.checked_sub(1).and_then(|before| lines.get(before));
        is_text(before, mark) || is_text(lines.get(index + 1), mark)
    };
    let heading = |line: &str| {
        ["///", "//!"].into_iter().find(|mark| line.strip_prefix(mark).is_some_and(|rest| rest.starts_with(" # ")))
    };
    let mut headings = lines.iter().enumerate().filter_map(|(index, line)| Some((index, heading(line)?)));
    headings.find(|(index, mark)| crowded(*index, mark)).map(|(index, _)| index + 1)
}

#[test]
fn repeated_imports_and_crowded_headings_are_found() {
    let imports = "use std::fs;\nuse crate::a;\n#[cfg(test)]\nuse crate::b;\npub use crate::c;\nuse std::io;\n";
    assert_eq!(roots_twice(imports), BTreeSet::from(["std".to_owned()]));
    assert_eq!(crowded_heading("/// Text.\n///\n/// # Errors\n///\n/// More.\n"), None);
    assert_eq!(crowded_heading("/// ```\n/// # let a = 1;\n/// ```\n"), None);
    assert_eq!(crowded_heading("/// Text.\n/// # Errors\n///\n/// More.\n"), Some(2));
    assert_eq!(crowded_heading("/// Text.\n///\n/// # Errors\n/// More.\n"), Some(3));
}
