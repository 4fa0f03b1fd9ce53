//! Wrangler: how we call it, and the configuration of one local run.

use crate::project::Project;
use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

/// Wrangler as npm installed it.
pub(crate) fn command(project: &Project) -> Result<Command> {
    let mut wrangler = project.npm_command("wrangler")?;
    quiet(&mut wrangler);
    Ok(wrangler)
}

/// As quiet as wrangler can be told to be: no questions, no telemetry, nothing sent anywhere.
pub(crate) fn quiet(wrangler: &mut Command) {
    wrangler.env("WRANGLER_SEND_METRICS", "false");
    wrangler.env("WRANGLER_SEND_ERROR_REPORTS", "false");
    wrangler.env("WRANGLER_HIDE_BANNER", "true");
    wrangler.env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
    wrangler.env("CI", "1").env("NO_COLOR", "1");
}

/// Writes wrangler.toml for a run from `dir`, and the variables beside it.
///
/// Paths become absolute and `[build]` goes: what is run was built already. With `raised` no rate limit is met.
pub(crate) fn configure(project: &Project, dir: &Path, variables: &[(String, String)], raised: bool) -> Result<()> {
    fs::create_dir_all(dir)?;
    // The variables are secrets, even if only of a demo.
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    let shipped = fs::read_to_string(project.root.join("wrangler.toml")).context("no wrangler.toml")?;
    fs::write(dir.join("wrangler.toml"), local(&shipped, &project.root, raised))?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(dir.join(".dev.vars"))?;
    let lines = variables.iter().map(|(name, value)| format!("{name}=\"{}\"\n", value.replace('\n', "\\n")));
    std::io::Write::write_all(&mut &file, lines.collect::<String>().as_bytes())?;
    Ok(())
}

fn local(shipped: &str, root: &Path, raised: bool) -> String {
    let mut section = "";
    let mut lines = Vec::new();
    for line in shipped.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let absolute = |key: &str| {
            let path = line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')?;
            Some(format!("{key} = {:?}", root.join(path)))
        };
        if section == "[build]" {
            continue;
        } else if let Some(line) = absolute("main").or_else(|| absolute("directory")) {
            lines.push(line);
        } else if raised && section == "[[ratelimits]]" && line.starts_with("simple") {
            lines.push("simple = { limit = 1000000000, period = 60 }".to_owned());
        } else {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::local;
    use std::path::Path;

    const SHIPPED: &str = include_str!("../../../wrangler.toml");

    #[test]
    fn a_local_run_serves_what_is_built_and_builds_nothing() {
        let config = local(SHIPPED, Path::new("/project"), false);
        assert!(config.contains("\nmain = \"/project/build/index.js\"\n"));
        assert!(config.contains("\ndirectory = \"/project/dist/assets\"\n"));
        assert!(!config.contains("cargo"));
        assert_eq!(config.matches("limit = 100,").count(), SHIPPED.matches("limit = 100,").count());
    }

    #[test]
    fn raised_limits_are_never_met() {
        let config = local(SHIPPED, Path::new("/project"), true);
        assert!(!config.contains("limit = 100,") && !config.contains("limit = 300,"));
        assert_eq!(config.matches("limit = 1000000000,").count(), SHIPPED.matches("[[ratelimits]]").count());
    }
}
