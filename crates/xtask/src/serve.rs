//! Runs the built worker in the foreground, for tests and benchmarks: `cargo xtask serve`.
//!
//! The environment has the worker's variables under their own names. On stdout it prints `group: N`, the process group of
//! the runtime, and `ready: URL` once the worker answers. However this process ends, also by SIGKILL, the worker ends with
//! it.

use std::{env, path::PathBuf, thread};

use anyhow::{Context, Result, bail};
use lexopt::ValueExt;

use crate::{
    process::{self, POLL_INTERVAL},
    project::Project,
    server::{
        Server,
        options::{Options, Runtime, WorkerdOptions},
    },
    workerd,
};

/// `cargo xtask serve --port P --data DIR [--wrangler | [--bundle DIR] [--expose-gc]] [--raise-limits] [--log FILE]`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    let (mut port, mut data, mut log) = (None, None, None);
    let (mut wrangler, mut bundle, mut gc, mut raised) = (false, None, false, false);
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("port") => port = Some(args.value()?.parse()?),
            lexopt::Arg::Long("data") => data = Some(PathBuf::from(args.value()?)),
            lexopt::Arg::Long("log") => log = Some(PathBuf::from(args.value()?)),
            lexopt::Arg::Long("wrangler") => wrangler = true,
            lexopt::Arg::Long("bundle") => bundle = Some(PathBuf::from(args.value()?)),
            lexopt::Arg::Long("expose-gc") => gc = true,
            lexopt::Arg::Long("raise-limits") => raised = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let port: u16 = port.context("--port is missing")?;
    let data = data.context("--data is missing")?;
    let project = Project::load()?;
    let runtime = match (wrangler, bundle) {
        (false, bundle) => Runtime::Workerd(WorkerdOptions { bundle: bundle.unwrap_or_else(|| project.bundle()), gc }),
        (true, None) if !gc => Runtime::Wrangler,
        (true, _) => {
            bail!("--bundle and --expose-gc exclude --wrangler, which serves the bundle that wrangler.toml names")
        }
    };
    let log = log.map_or_else(|| Ok(project.scratch()?.join(format!("serve-{port}.log"))), anyhow::Ok)?;
    let options = Options { runtime, port, data, variables: variables(), raised, log };
    let mut server = Server::start(&project, &options)?;
    println!("group: {}", server.group());
    println!("ready: http://127.0.0.1:{port}");
    while !process::interrupted() {
        server.check()?;
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// The worker's variables that the environment holds.
fn variables() -> Vec<(String, String)> {
    workerd::variables().filter_map(|name| env::var(&name).ok().map(|value| (name, value))).collect()
}
