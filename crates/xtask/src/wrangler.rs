//! Wrangler: its command, its configuration file, and the configuration of one local run.

use std::{
    fs,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    process::Command,
};

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::project::Project;

/// A rate limit that no test or benchmark reaches, in requests a minute.
pub(crate) const RAISED_LIMIT: i64 = 1_000_000_000;

/// Wrangler as npm installed it.
pub(crate) fn command(project: &Project) -> Result<Command> {
    let mut wrangler = project.npm_command("wrangler")?;
    quiet(&mut wrangler);
    Ok(wrangler)
}

/// Turns off wrangler's questions, its telemetry, and the requests it makes on its own account.
pub(crate) fn quiet(wrangler: &mut Command) {
    wrangler.env("WRANGLER_SEND_METRICS", "false");
    wrangler.env("WRANGLER_SEND_ERROR_REPORTS", "false");
    wrangler.env("WRANGLER_HIDE_BANNER", "true");
    wrangler.env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
    wrangler.env("CI", "1").env("NO_COLOR", "1");
}

/// Reads the project's wrangler.toml.
pub(crate) fn shipped(project: &Project) -> Result<Table> {
    let text = fs::read_to_string(project.root.join("wrangler.toml")).context("cannot read wrangler.toml")?;
    text.parse().context("cannot parse wrangler.toml")
}

/// Writes the wrangler.toml of one run into `dir`, and its variables beside it.
///
/// Paths become absolute, and `[build]` is removed because the bundle is already built. With `raised` the rate limits
/// are out of reach.
pub(crate) fn configure(project: &Project, dir: &Path, variables: &[(String, String)], raised: bool) -> Result<()> {
    fs::create_dir_all(dir)?;
    // The variables are secrets, even those of a demo.
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    let config = local(shipped(project)?, &project.root, raised)?;
    fs::write(dir.join("wrangler.toml"), toml::to_string(&config)?)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(dir.join(".dev.vars"))?;
    let lines = variables.iter().map(|(name, value)| format!("{name}=\"{}\"\n", value.replace('\n', "\\n")));
    std::io::Write::write_all(&mut &file, lines.collect::<String>().as_bytes())?;
    Ok(())
}

fn local(mut config: Table, root: &Path, raised: bool) -> Result<Table> {
    config.remove("build");
    absolute(config.get_mut("main"), root).context("wrangler.toml has no `main`")?;
    let assets = config.get_mut("assets").and_then(|assets| assets.get_mut("directory"));
    absolute(assets, root).context("wrangler.toml has no `assets.directory`")?;
    if raised {
        let limits = config.get_mut("ratelimits").and_then(Value::as_array_mut);
        for limit in limits.context("wrangler.toml has no `ratelimits`")? {
            let limit = limit.get_mut("simple").and_then(|simple| simple.get_mut("limit"));
            *limit.context("a rate limit of wrangler.toml has no `simple.limit`")? = RAISED_LIMIT.into();
        }
    }
    Ok(config)
}

/// Makes a path absolute; `None` if there is no path.
fn absolute(path: Option<&mut Value>, root: &Path) -> Option<()> {
    let path = path?;
    *path = root.join(path.as_str()?).to_str()?.into();
    Some(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use toml::{Table, Value};

    use super::{RAISED_LIMIT, local};

    fn shipped() -> Table {
        include_str!("../../../wrangler.toml").parse().unwrap()
    }

    fn limits(config: &Table) -> Vec<i64> {
        let limits = config["ratelimits"].as_array().unwrap().iter();
        limits.filter_map(|limit| limit["simple"]["limit"].as_integer()).collect()
    }

    #[test]
    fn a_local_run_serves_the_built_bundle_and_builds_nothing() {
        let config = local(shipped(), Path::new("/project"), false).unwrap();
        assert_eq!(config["main"].as_str(), Some("/project/build/index.js"));
        assert_eq!(config["assets"]["directory"].as_str(), Some("/project/dist/assets"));
        assert_eq!(config.get("build"), None);
        assert_eq!(limits(&config), limits(&shipped()));
    }

    #[test]
    fn raised_limits_are_out_of_reach() {
        let config = local(shipped(), Path::new("/project"), true).unwrap();
        let count = shipped()["ratelimits"].as_array().map_or(0, Vec::len);
        assert!(count > 0);
        assert_eq!(limits(&config), vec![RAISED_LIMIT; count]);
        assert_ne!(limits(&shipped()), limits(&config));
        assert_eq!(config.get("name"), Some(&Value::from("job-progress")));
    }
}
