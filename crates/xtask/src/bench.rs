//! The benchmarks: `cargo xtask bench NAME`. First it builds what they measure, as it is shipped.

use std::process::Command;

use anyhow::Result;

use crate::{
    build, dist, process,
    project::{self, Project},
    setup, steps,
};

/// The benchmarks that run in a browser, and their scripts: that of the element needs no worker, that of the list starts one.
const IN_BROWSERS: [(&str, &str); 2] =
    [("element", "tests/bench/element/run.mjs"), ("list", "tests/bench/element/list.mjs")];

/// The benchmarks that run the executable of the server as a cluster over a local S3 server too.
const OF_CLUSTERS: [&str; 2] = ["cluster", "takeover"];

/// The benchmark that runs the executable of the server beside nginx with nchan.
const OF_SERVERS: &str = "servers";

/// `cargo xtask bench NAME …`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    let project = Project::load()?;
    let tools = setup::tools(&project)?;
    let args = args.raw_args()?.collect::<Vec<_>>();
    if let Some((name, rest)) = args.split_first()
        && let Some((_, script)) = IN_BROWSERS.iter().find(|(of, _)| name == of)
    {
        build::all(&project, &tools)?;
        let mut node = project.npm_command("node")?;
        node.arg(script).args(rest).env("CHROMIUM", setup::CHROMIUM.path(&project)?);
        return steps::shown("benchmark", node.env("XTASK", process::current_exe()?));
    }
    let mut cargo = Command::new(project::cargo());
    let of_clusters = args.first().is_some_and(|name| OF_CLUSTERS.iter().any(|of| name == of));
    let of_servers = args.first().is_some_and(|name| name == OF_SERVERS);
    if of_clusters {
        cargo.env("MOTO", setup::s3_server(&project)?);
    }
    if of_servers {
        // nginx reads a variable `NGINX` itself.
        cargo.env("NGINX_PATH", setup::NGINX.path(&project)?).env("NCHAN_PATH", setup::NCHAN.path(&project)?);
    }
    if of_clusters || of_servers {
        build::all(&project, &tools)?;
        cargo.env("SERVER", dist::build(&project)?);
    } else {
        build::worker_alone(&project, &tools)?;
    }
    cargo.args(["run", "--quiet", "--package", "bench", "--"]).args(args).current_dir(&project.root);
    steps::shown("benchmark", cargo.env("XTASK", process::current_exe()?))
}
