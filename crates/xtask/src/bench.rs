//! The benches: `cargo xtask bench NAME`. What they measure is built first, as it is shipped.

use crate::project::{self, Project};
use crate::{build, process, setup, steps};
use anyhow::Result;
use std::process::Command;

/// `cargo xtask bench NAME …`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    let project = Project::load()?;
    let tools = setup::tools(&project)?;
    build::worker_alone(&project, &tools)?;
    let mut cargo = Command::new(project::cargo());
    cargo.args(["run", "--quiet", "--package", "bench", "--"]).args(args.raw_args()?).current_dir(&project.root);
    steps::shown("bench", cargo.env("XTASK", process::ourselves()?))
}
