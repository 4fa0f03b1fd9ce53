//! The configuration with which workerd serves the bundle: as it is on Cloudflare, with the static files and the rate limits.

use std::{
    fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use ::server::data_folder::{DATABASES, INDEX_DATABASES};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{project::Project, wrangler};

/// The part of wrangler.toml that holds for workerd too.
#[derive(Deserialize)]
struct Shipped {
    compatibility_date: String,
    compatibility_flags: Vec<String>,
    assets: Assets,
    ratelimits: Vec<RateLimit>,
}

#[derive(Deserialize)]
struct Assets {
    html_handling: String,
    not_found_handling: String,
    run_worker_first: Vec<String>,
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

/// The name of the socket, for `--socket-addr`.
pub(crate) const SOCKET: &str = "http";

/// The name of the folder with the databases of the jobs, for `--directory-path`.
pub(crate) const DATA: &str = "data";

/// The numbers of the variables that continue the list of API keys: `API_KEYS_2` to `API_KEYS_9`.
const MORE_KEYS: RangeInclusive<u8> = 2..=9;

/// The other variables that a worker reads.
const VARIABLES: &[&str] = &[
    "API_KEYS",
    "TOKEN_SECRET",
    "TOKEN_SECRET_PREVIOUS",
    "ALLOWED_ORIGINS",
    "TRUSTED_PROXIES",
    "WEBHOOKS",
    "WEBHOOK_ALLOW",
    "INDEX",
    "INDEX_SHARDS",
    "JOB_PROGRESS_CONTROL_SECRET",
    "JOB_PROGRESS_DEV",
    "JOB_PROGRESS_MAX_OBJECTS",
    "JOB_PROGRESS_RETRY_SCALE",
];

/// The names of the variables that a worker reads from its environment.
pub(crate) fn variables() -> impl Iterator<Item = String> {
    let more_keys = MORE_KEYS.map(|number| format!("API_KEYS_{number}"));
    VARIABLES.iter().map(|name| (*name).to_owned()).chain(more_keys)
}

/// What differs between the configurations.
pub(crate) struct ConfigOptions<'a> {
    /// The folder of the static files; a relative path is below the folder in which workerd runs.
    pub(crate) assets: &'a str,
    /// Whether the rate limits are out of reach.
    pub(crate) raised: bool,
    /// Whether the worker has `gc()`, which collects garbage at once.
    pub(crate) gc: bool,
    /// Whether it is for an instance of a cluster. The launcher of the server writes what only that instance knows into
    /// `instance.capnp`, and names the address of `cluster` on the command line.
    pub(crate) clustered: bool,
}

/// Writes `config.capnp` into `dir`, or `cluster.capnp` for an instance of a cluster, and beside it the files that it embeds;
/// returns its path. The command line of workerd adds the address and the folder of the data ([`SOCKET`], [`DATA`]); the
/// variables reach the worker through workerd's environment.
pub(crate) fn configure(project: &Project, bundle: &Path, dir: &Path, options: &ConfigOptions<'_>) -> Result<PathBuf> {
    fs::create_dir_all(dir)?;
    for name in ["index.js", "index_bg.wasm"] {
        // `embed` accepts only paths below the configuration's folder.
        let built = bundle.join(name);
        let copied = fs::copy(&built, dir.join(name));
        copied.with_context(|| format!("{} is missing: run `cargo xtask build`", built.display()))?;
    }
    fs::write(dir.join("limits.js"), LIMITS)?;
    let headers = fs::read_to_string(project.root.join("www/_headers")).context("cannot read www/_headers")?;
    let shipped = wrangler::shipped(project)?.try_into().context("wrangler.toml lacks a setting")?;
    let file = dir.join(if options.clustered { "cluster.capnp" } else { "config.capnp" });
    fs::write(&file, config(shipped, &headers, options))?;
    Ok(file)
}

fn config(shipped: Shipped, headers: &str, options: &ConfigOptions<'_>) -> String {
    let Shipped { compatibility_date: date, compatibility_flags: flags, assets, ratelimits } = shipped;
    let mut bindings = vec![
        r#"(name = "JOBS", durableObjectNamespace = "JobObject")"#.to_owned(),
        r#"(name = "JOB_INDEX", durableObjectNamespace = "JobIndex")"#.to_owned(),
        r#"(name = "ASSETS", service = (name = "site", entrypoint = "AssetWorker"))"#.to_owned(),
        // Webhooks are sent to addresses that others choose, so they reach private networks only if the operator names
        // the host.
        r#"(name = "ANY_NETWORK", service = "any network")"#.to_owned(),
        // Here a caller can send every header, so that `CF-Connecting-IP` says nothing.
        r#"(name = "JOB_PROGRESS_SERVER", text = "1")"#.to_owned(),
    ];
    for RateLimit { name, simple } in ratelimits {
        let limit = if options.raised { wrangler::RAISED_LIMIT } else { simple.limit };
        let limit = format!(r#"innerBindings = [(name = "limit", json = "{limit}")]"#);
        bindings.push(format!("(name = {}, wrapped = (moduleName = \"limits\", {limit}))", quoted(&name)));
    }
    let (mut cluster, mut instance) = ("", "");
    if options.clustered {
        // The port at which the runtime says whether it takes part in the cluster.
        bindings.push(r#"(name = "CLUSTER", service = "cluster")"#.to_owned());
        cluster = r#"(name = "cluster", external = (http = ())),"#;
        instance = r#"cluster = import "instance.capnp".cluster,"#;
    }
    bindings.extend(variables().map(|name| format!(r#"(name = "{name}", fromEnvironment = "{name}")"#)));
    let bindings = bindings.join(",\n    ");
    let Assets { html_handling, not_found_handling, run_worker_first } = assets;
    let assets = json!({
        "html_handling": html_handling,
        "not_found_handling": not_found_handling,
        "run_worker_first": run_worker_first,
        "headers": headers,
    });
    let (assets, folder) = (quoted(&assets.to_string()), quoted(options.assets));
    let flags: Vec<_> = flags.iter().map(|flag| quoted(flag)).collect();
    let (date, flags) = (quoted(&date), flags.join(", "));
    let v8_flags = if options.gc { r#""--expose-gc""# } else { "" };
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  v8Flags = [{v8_flags}],
  services = [
    (name = "site", assets = (path = {folder}, config = {assets}, userWorker = "main")),
    (name = "main", worker = .worker),
    (name = "{DATA}", disk = (writable = true)),
    (name = "internet", network = (allow = ["public"], tlsOptions = (trustBrowserCas = true))),
    (name = "any network", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    {cluster}
  ],
  {instance}
  sockets = [(name = "{SOCKET}", http = (forwardedProtoHeader = "X-Forwarded-Proto"), service = "site")],
  extensions = [(modules = [(name = "limits", internal = true, esModule = embed "limits.js")])],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "index.js"),
    (name = "./index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = {date},
  compatibilityFlags = [{flags}],
  bindings = [
    {bindings},
  ],
  durableObjectNamespaces = [
    (className = "JobObject", uniqueKey = "{DATABASES}", enableSql = true),
    (className = "JobIndex", uniqueKey = "{INDEX_DATABASES}", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "{DATA}"),
);
"#
    )
}

/// The text as a literal. The escapes of JSON that occur in our texts are those of Cap'n Proto.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raised: bool) -> String {
        let shipped = toml::from_str(include_str!("../../../wrangler.toml")).unwrap();
        let options = ConfigOptions { assets: "a \"b\"", raised, gc: false, clustered: false };
        config(shipped, include_str!("../../../www/_headers"), &options)
    }

    #[test]
    fn the_configuration_has_the_rate_limits_and_the_files_of_the_deployment() {
        let (shipped, raised) = (text(false), text(true));
        assert!(shipped.contains(r#"(name = "STREAMS_LIMIT", wrapped = (moduleName = "limits", innerBindings = [(name = "limit", json = "300")]))"#));
        assert!(
            raised.contains(&format!(r#"json = "{}""#, wrangler::RAISED_LIMIT)) && !raised.contains(r#"json = "300""#)
        );
        assert!(shipped.contains(r#"\"run_worker_first\":[\"/*.wasm\",\"/openapi.json\"]"#));
        assert!(shipped.contains(r"Content-Security-Policy: default-src 'none'"));
        assert!(shipped.contains(r#"path = "a \"b\"""#));
    }

    #[test]
    fn the_configuration_contains_no_value_of_a_variable_and_names_them_all() {
        let text = text(false);
        for name in variables() {
            assert!(text.contains(&format!(r#"(name = "{name}", fromEnvironment = "{name}")"#)), "{name}");
        }
    }
}
