//! The benchmarks: `cargo xtask bench NAME`. First it builds what they measure, as it is shipped.

use std::process::Command;

use anyhow::Result;

use crate::{
    build, process,
    project::{self, Project},
    setup, steps,
};

/// The benchmark that runs in a browser and needs no worker.
const ELEMENT: &str = "element";

/// `cargo xtask bench NAME …`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    let project = Project::load()?;
    let tools = setup::tools(&project)?;
    let args = args.raw_args()?.collect::<Vec<_>>();
    if let Some((name, rest)) = args.split_first()
        && name == ELEMENT
    {
        build::all(&project, &tools)?;
        let mut node = project.npm_command("node")?;
        node.arg("tests/bench/element/run.mjs").args(rest).env("CHROMIUM", setup::CHROMIUM.path(&project)?);
        return steps::shown("benchmark", &mut node);
    }
    build::worker_alone(&project, &tools)?;
    let mut cargo = Command::new(project::cargo());
    cargo.args(["run", "--quiet", "--package", "bench", "--"]).args(args).current_dir(&project.root);
    steps::shown("benchmark", cargo.env("XTASK", process::current_exe()?))
}
