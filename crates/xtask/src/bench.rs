//! The benchmarks: `cargo xtask bench NAME`. First it builds what they measure, as it is shipped.

use std::process::Command;

use anyhow::Result;

use crate::{
    build, dist, process,
    project::{self, Project},
    setup, steps,
};

/// The benchmark that runs in a browser and needs no worker.
const ELEMENT: &str = "element";

/// The benchmarks that run the executable of the server, as a cluster over a local S3 server too.
const OF_THE_EXECUTABLE: [&str; 2] = ["cluster", "takeover"];

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
    let mut cargo = Command::new(project::cargo());
    if args.first().is_some_and(|name| OF_THE_EXECUTABLE.iter().any(|of| name == of)) {
        build::all(&project, &tools)?;
        cargo.env("SERVER", dist::build(&project)?).env("MOTO", setup::s3_server(&project)?);
    } else {
        build::worker_alone(&project, &tools)?;
    }
    cargo.args(["run", "--quiet", "--package", "bench", "--"]).args(args).current_dir(&project.root);
    steps::shown("benchmark", cargo.env("XTASK", process::current_exe()?))
}
