//! Runs the built worker in the foreground, for tests and benchmarks: `cargo xtask serve`.
//!
//! The environment has the worker's variables under their own names. On stdout it prints `group: N`, the process group of
//! the runtime, and `ready: URL` once the worker answers. However this process ends, also by SIGKILL, the worker ends with
//! it.

use std::{env, ops::RangeInclusive, path::PathBuf, thread};

use anyhow::{Context, Result, bail};
use lexopt::ValueExt;

use crate::{
    process::{self, POLL_INTERVAL},
    project::Project,
    server::{
        Server,
        options::{Options, Runtime, WorkerdOptions},
    },
};

/// The numbers of the variables that continue the list of API keys: `API_KEYS_2` to `API_KEYS_9`.
const MORE_KEYS: RangeInclusive<u8> = 2..=9;

/// The other variables that a worker reads.
const VARIABLES: &[&str] = &[
    "API_KEYS",
    "TOKEN_SECRET",
    "TOKEN_SECRET_PREVIOUS",
    "ALLOWED_ORIGINS",
    "WEBHOOKS",
    "WEBHOOK_ALLOW",
    "JOB_PROGRESS_DEV",
    "JOB_PROGRESS_RETRY_SCALE",
];

/// `cargo xtask serve --port P --data DIR [--workerd [--bundle DIR] [--expose-gc]] [--raise-limits] [--log FILE]`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    let (mut port, mut data, mut log) = (None, None, None);
    let (mut workerd, mut bundle, mut gc, mut raised) = (false, None, false, false);
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("port") => port = Some(args.value()?.parse()?),
            lexopt::Arg::Long("data") => data = Some(PathBuf::from(args.value()?)),
            lexopt::Arg::Long("log") => log = Some(PathBuf::from(args.value()?)),
            lexopt::Arg::Long("workerd") => workerd = true,
            lexopt::Arg::Long("bundle") => bundle = Some(PathBuf::from(args.value()?)),
            lexopt::Arg::Long("expose-gc") => gc = true,
            lexopt::Arg::Long("raise-limits") => raised = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let port: u16 = port.context("--port is missing")?;
    let data = data.context("--data is missing")?;
    let project = Project::load()?;
    let runtime = match (workerd, bundle) {
        (true, bundle) => {
            Runtime::Workerd(WorkerdOptions { bundle: bundle.unwrap_or_else(|| project.root.join("build")), gc })
        }
        (false, None) if !gc => Runtime::Wrangler,
        (false, _) => {
            bail!("--bundle and --expose-gc need --workerd: wrangler serves the bundle that wrangler.toml names")
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
    let more_keys = MORE_KEYS.map(|number| format!("API_KEYS_{number}"));
    let names = VARIABLES.iter().map(|name| (*name).to_owned()).chain(more_keys);
    names.filter_map(|name| env::var(&name).ok().map(|value| (name, value))).collect()
}
