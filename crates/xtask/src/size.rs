//! The sizes of all served files, raw and gzip, compared with their budgets: `cargo xtask size`.

use std::{fs, io::Write, path::PathBuf};

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};

use crate::{
    build::{self, element},
    project::Project,
    setup,
};

/// The same bar made with other libraries and the browser's `EventSource`.
const OTHERS: [&str; 2] = ["tests/bench/size/react.jsx", "tests/bench/size/lit.js"];

/// Files whose total size is printed, and the most bytes of gzip that they may have. A kilobyte is 1,000 bytes.
struct Weight {
    name: &'static str,
    files: Vec<PathBuf>,
    budget: Option<usize>,
}

/// `cargo xtask size`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    if let Some(arg) = args.next()? {
        return Err(arg.unexpected().into());
    }
    let project = Project::load()?;
    let tools = setup::tools(&project)?;
    build::all(&project, &tools)?;
    print(&project)
}

/// Prints the sizes of everything that is built.
///
/// # Errors
///
/// When something is over its budget.
pub(crate) fn print(project: &Project) -> Result<()> {
    let mut over = Vec::new();
    println!("{:<44}{:>12}{:>12}{:>12}", "bytes", "raw", "gzip", "budget");
    for weight in weights(project)? {
        let (mut raw, mut gzip) = (0, 0);
        for file in &weight.files {
            let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            raw += content.len();
            gzip += gzip_length(&content)?;
        }
        let budget = weight.budget.map(grouped).unwrap_or_default();
        println!("{:<44}{:>12}{:>12}{budget:>12}", weight.name, grouped(raw), grouped(gzip));
        if weight.budget.is_some_and(|budget| gzip > budget) {
            over.push(weight.name);
        }
    }
    if !over.is_empty() {
        bail!("over budget: {}", over.join(", "));
    }
    Ok(())
}

fn weights(project: &Project) -> Result<Vec<Weight>> {
    let worker = |file: &str| project.root.join("build").join(file);
    let [script, module] = ["index.js", "index_bg.wasm"].map(worker);
    let dir = element::out_dir(project);
    let [loader, preview, full, wasm, controls, list] =
        [element::LOADER, element::PREVIEW, element::FULL, element::MODULE, element::CONTROLS, element::LIST]
            .map(|file| dir.join(file));
    let first = [&loader, &preview, &full, &wasm];
    let packed = ["define.js", "element.js", element::PREVIEW, element::FULL]
        .map(|file| build::package::out_dir(project).join(file));
    let mut later: Vec<PathBuf> = element::served(project)?.iter().map(|file| dir.join(file)).collect();
    later.retain(|file| !first.contains(&file) && *file != list);
    let [react, lit] = OTHERS.map(|source| bundled(project, source));
    let (react, lit) = (react?, lit?);

    let weight =
        |name, files: &[&PathBuf], budget| Weight { name, files: files.iter().copied().cloned().collect(), budget };
    Ok(vec![
        weight("worker: script", &[&script], None),
        weight("worker: wasm", &[&module], None),
        weight("worker, whole", &[&script, &module], None),
        weight("element: loader", &[&loader], Some(3_000)),
        weight("element: preview with the style sheet", &[&preview], None),
        weight("element: script of the wasm", &[&full], None),
        weight("element: wasm", &[&wasm], None),
        weight("element: all that a bar loads until live", &first, Some(60_000)),
        weight("element: controls", &[&controls], Some(3_000)),
        Weight { name: "element: files that it loads only on demand", files: later, budget: Some(25_000) },
        weight("list: all that it loads, without the element", &[&list], Some(17_000)),
        weight("npm package: all that a bar loads", &packed.each_ref(), Some(62_000)),
        weight("for comparison: the bar in React", &[&react], None),
        weight("for comparison: the bar in Lit", &[&lit], None),
    ])
}

/// A bar of another library as it would be shipped: bundled and minified with all its imports.
fn bundled(project: &Project, source: &str) -> Result<PathBuf> {
    let out = project.scratch()?.join("size").join(source).with_extension("js");
    let production = r#"--define:process.env.NODE_ENV="production""#;
    element::esbuild(project, &project.root.join(source), &out, &["--bundle", "--jsx=automatic", production])?;
    Ok(out)
}

fn gzip_length(content: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?.len())
}

/// A number with its digits in groups: 1,234,567.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
