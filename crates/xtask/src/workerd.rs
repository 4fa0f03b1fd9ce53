//! The configuration with which workerd serves the bundle without wrangler: for crash tests and benches.

use crate::project::Project;
use crate::server::options::{Options, WorkerdOptions};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Writes `config.capnp` into `dir`; the variables reach the worker through workerd's environment.
///
/// There are no static assets, and the rate limits always say yes.
pub(crate) fn configure(
    project: &Project,
    alone: &WorkerdOptions,
    dir: &Path,
    data: &Path,
    options: &Options,
) -> Result<()> {
    let Options { port, variables, .. } = options;
    fs::create_dir_all(dir)?;
    let shipped = fs::read_to_string(project.root.join("wrangler.toml")).context("no wrangler.toml")?;
    let line = |key: &str| {
        let found = shipped.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        found.with_context(|| format!("wrangler.toml has no {key}"))
    };
    let date = line("compatibility_date")?;
    let flags = line("compatibility_flags")?;
    let mut bindings = vec![r#"(name = "JOBS", durableObjectNamespace = "JobObject")"#.to_owned()];
    for name in shipped.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix("_LIMIT\"")) {
        bindings.push(format!(r#"(name = "{name}_LIMIT", wrapped = (moduleName = "limits"))"#));
    }
    for (name, _) in variables {
        bindings.push(format!(r#"(name = "{name}", fromEnvironment = "{name}")"#));
    }
    let bindings = bindings.join(",\n    ");
    let script = alone.bundle.join("index.js");
    let module = alone.bundle.join("index_bg.wasm");
    for (link, target) in [("index.js", &script), ("index_bg.wasm", &module)] {
        // `embed` takes paths below the configuration only.
        fs::copy(target, dir.join(link)).with_context(|| format!("{} is not built", target.display()))?;
    }
    let v8_flags = if alone.gc { r#""--expose-gc""# } else { "" };
    let config = format!(
        r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  v8Flags = [{v8_flags}],
  services = [
    (name = "main", worker = .worker),
    (name = "data", disk = (path = {data:?}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")],
  extensions = [(modules = [(name = "limits", internal = true, esModule =
    "class Ratelimit {{ async limit() {{ return {{ success: true }}; }} }} export default () => new Ratelimit();")])],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "index.js"),
    (name = "./index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = {date},
  compatibilityFlags = {flags},
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
