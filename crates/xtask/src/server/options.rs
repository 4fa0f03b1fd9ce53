//! How to start a worker.

use std::path::PathBuf;

/// What runs the bundle.
pub(crate) enum Runtime {
    /// `wrangler dev`: with static assets and rate limits.
    Wrangler,
    /// `workerd serve`: a bundle alone.
    Workerd(WorkerdOptions),
}

/// A bundle that is served without wrangler.
pub(crate) struct WorkerdOptions {
    /// The bundle's folder.
    pub(crate) bundle: PathBuf,
    /// Whether the worker may have garbage collected, by `gc()`.
    pub(crate) gc: bool,
}

/// How to start a worker.
pub(crate) struct Options {
    pub(crate) runtime: Runtime,
    pub(crate) port: u16,
    /// Where SQLite keeps the jobs.
    pub(crate) data: PathBuf,
    /// Variables and secrets of the worker.
    pub(crate) variables: Vec<(String, String)>,
    /// Whether to run without the shipped rate limits.
    pub(crate) raised: bool,
    /// What the runtime says goes here.
    pub(crate) log: PathBuf,
}
