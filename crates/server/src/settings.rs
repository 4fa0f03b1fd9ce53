//! The settings, checked before anything starts.

use std::env;

use anyhow::{Result, bail};
use engine::settings;

/// Checks the settings in the environment.
///
/// # Errors
///
/// Every setting that is missing or wrong.
pub(crate) fn check() -> Result<()> {
    let faults = settings::faults(|name| match name {
        // The worker learns it from its configuration.
        "JOB_PROGRESS_SERVER" => Some("1".to_owned()),
        // Development mode is not for servers.
        "JOB_PROGRESS_DEV" => None,
        _ => env::var(name).ok(),
    });
    if faults.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = faults.iter().map(|fault| format!("\n  {fault}")).collect();
    bail!("the settings are not complete:{}", lines.concat());
}
