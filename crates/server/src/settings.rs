//! The settings, checked before anything starts.

use std::env;

use anyhow::{Result, bail};
use engine::settings;

use crate::cluster::Cluster;

/// Checks the settings in the environment; returns the cluster that they name.
///
/// # Errors
///
/// Every setting that is missing or wrong.
pub(crate) fn check() -> Result<Option<Cluster>> {
    let faults = settings::faults(|name| match name {
        // The worker learns it from its configuration.
        "JOB_PROGRESS_SERVER" => Some("1".to_owned()),
        // Development mode is not for servers.
        "JOB_PROGRESS_DEV" => None,
        _ => env::var(name).ok(),
    });
    let cluster = Cluster::configure(|name| env::var(name).ok());
    if let (Ok(_), []) = (&cluster, &faults[..]) {
        return Ok(cluster.unwrap_or_default());
    }
    let cluster_faults = cluster.err().unwrap_or_default();
    let faults = faults.iter().map(ToString::to_string).chain(cluster_faults.iter().map(ToString::to_string));
    let lines: Vec<String> = faults.map(|fault| format!("\n  {fault}")).collect();
    bail!("the settings are not complete:{}", lines.concat());
}
