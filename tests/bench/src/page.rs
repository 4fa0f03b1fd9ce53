//! The page of results, `tests/bench/README.md`: a benchmark writes between two comments with its name.

use std::{fs, path::Path};

use anyhow::{Context, Result};

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Writes a table into its place, with the command and the machine that made it.
pub(crate) fn write(name: &str, table: &str) -> Result<()> {
    let path = here().join("README.md");
    let page = fs::read_to_string(&path)?;
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let place = || format!("README.md lacks the comments of `{name}`");
    let (before, rest) = page.split_once(&begin).with_context(place)?;
    let (_, after) = rest.split_once(&end).with_context(place)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = format!("`cargo xtask bench {}` on {}.", arguments.join(" "), bench::machine::describe());
    fs::write(path, format!("{before}{begin}{command}\n\n{table}{end}{after}"))?;
    Ok(())
}

/// Writes a curve beside the page.
pub(crate) fn draw(name: &str, svg: &str) -> Result<()> {
    fs::write(here().join(format!("{name}.svg")), svg)?;
    Ok(())
}
