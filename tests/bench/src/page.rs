//! The page of results, `tests/bench/README.md`: what a bench writes stands between two comments that name it.

use std::{fs, path::Path};

use anyhow::{Context, Result};

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Puts a table in its place, with the machine it was made on.
pub(crate) fn write(name: &str, table: &str) -> Result<()> {
    let path = here().join("README.md");
    let page = fs::read_to_string(&path)?;
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let place = || format!("README.md has no place for {name}");
    let (before, rest) = page.split_once(&begin).with_context(place)?;
    let (_, after) = rest.split_once(&end).with_context(place)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = format!("`cargo xtask bench {}` on {}.", arguments.join(" "), bench::machine::describe());
    fs::write(path, format!("{before}{begin}{command}\n\n{table}{end}{after}"))?;
    Ok(())
}

/// Draws a curve beside it.
pub(crate) fn draw(name: &str, svg: &str) -> Result<()> {
    fs::write(here().join(format!("{name}.svg")), svg)?;
    Ok(())
}
