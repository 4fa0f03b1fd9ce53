//! How to start a worker.

use std::path::PathBuf;

/// The program that runs the bundle.
#[derive(Clone)]
pub(crate) enum Runtime {
    /// `workerd serve`.
    Workerd(WorkerdOptions),
    /// `wrangler dev`, which imitates Cloudflare.
    Wrangler,
}

/// The bundle that workerd serves.
#[derive(Clone)]
pub(crate) struct WorkerdOptions {
    /// The bundle's folder.
    pub(crate) bundle: PathBuf,
    /// Whether the worker has `gc()`, which collects garbage at once.
    pub(crate) gc: bool,
}

/// How to start a worker.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) runtime: Runtime,
    pub(crate) port: u16,
    /// The folder of the SQLite databases of the jobs.
    pub(crate) data: PathBuf,
    /// The variables and secrets of the worker.
    pub(crate) variables: Vec<(String, String)>,
    /// Whether the rate limits are out of reach.
    pub(crate) raised: bool,
    /// The file for the output of the runtime.
    pub(crate) log: PathBuf,
}
