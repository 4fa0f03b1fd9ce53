//! The machine that a benchmark runs on.

use std::fs;

use crate::server::root;

/// One line about the machine: its processors, its load in the last minute, its kernel, and the version of workerd.
pub fn describe() -> String {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let package = fs::read(root().join("node_modules/workerd/package.json")).unwrap_or_default();
    let package: serde_json::Value = serde_json::from_slice(&package).unwrap_or_default();
    format!(
        "{processors} processors ({}), load {load}, Linux {}, workerd {}",
        model.trim_start_matches(['\t', ' ', ':']),
        kernel.trim(),
        package["version"].as_str().unwrap_or("of unknown version")
    )
}
