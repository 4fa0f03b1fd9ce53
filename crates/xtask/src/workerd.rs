//! The configuration with which workerd serves the bundle without wrangler: for crash tests and benchmarks.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{
    project::Project,
    server::options::{Options, WorkerdOptions},
    wrangler,
};

/// The part of wrangler.toml that holds for workerd too.
#[derive(Deserialize)]
struct Shipped {
    compatibility_date: String,
    compatibility_flags: Vec<String>,
    ratelimits: Vec<RateLimit>,
}

#[derive(Deserialize)]
struct RateLimit {
    /// The name of the binding.
    name: String,
    simple: Simple,
}

#[derive(Deserialize)]
struct Simple {
    /// Requests of a key per minute.
    limit: i64,
}

/// The program that counts; the runtime has no rate limits of its own.
const LIMITS: &str = include_str!("workerd/limits.js");

/// Writes `config.capnp` into `dir`; the variables reach the worker through workerd's environment.
///
/// There are no static assets.
pub(crate) fn configure(
    project: &Project,
    workerd: &WorkerdOptions,
    dir: &Path,
    data: &Path,
    options: &Options,
) -> Result<()> {
    let Options { port, variables, .. } = options;
    fs::create_dir_all(dir)?;
    let shipped: Shipped = wrangler::shipped(project)?.try_into().context("wrangler.toml lacks a setting")?;
    let Shipped { compatibility_date: date, compatibility_flags: flags, ratelimits } = shipped;
    let mut bindings = vec![r#"(name = "JOBS", durableObjectNamespace = "JobObject")"#.to_owned()];
    for RateLimit { name, simple } in ratelimits {
        let limit = if options.raised { wrangler::RAISED_LIMIT } else { simple.limit };
        let limit = format!(r#"innerBindings = [(name = "limit", json = "{limit}")]"#);
        bindings.push(format!(r#"(name = {name:?}, wrapped = (moduleName = "limits", {limit}))"#));
    }
    for (name, _) in variables {
        bindings.push(format!(r#"(name = "{name}", fromEnvironment = "{name}")"#));
    }
    let bindings = bindings.join(",\n    ");
    for name in ["index.js", "index_bg.wasm"] {
        // `embed` accepts only paths below the configuration's folder.
        let built = workerd.bundle.join(name);
        let copied = fs::copy(&built, dir.join(name));
        copied.with_context(|| format!("{} is missing: run `cargo xtask build`", built.display()))?;
    }
    fs::write(dir.join("limits.js"), LIMITS)?;
    // Webhooks are sent to addresses that others choose. Only in development can these be addresses of this machine.
    let dev = variables.iter().any(|(name, value)| name == "JOB_PROGRESS_DEV" && value == "1");
    let networks = if dev { r#""public", "private", "local""# } else { r#""public""# };
    let v8_flags = if workerd.gc { r#""--expose-gc""# } else { "" };
    let config = format!(
        r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  v8Flags = [{v8_flags}],
  services = [
    (name = "main", worker = .worker),
    (name = "data", disk = (path = {data:?}, writable = true)),
    (name = "internet", network = (allow = [{networks}], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")],
  extensions = [(modules = [(name = "limits", internal = true, esModule = embed "limits.js")])],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "index.js"),
    (name = "./index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = {date:?},
  compatibilityFlags = {flags:?},
  bindings = [
    {bindings},
  ],
  durableObjectNamespaces = [(className = "JobObject", uniqueKey = "job-progress-JobObject", enableSql = true)],
  durableObjectStorage = (localDisk = "data"),
);
"#
    );
    fs::write(dir.join("config.capnp"), config)?;
    Ok(())
}
