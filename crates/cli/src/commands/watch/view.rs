//! The interface of the three ways in which watched jobs are shown.

use std::time::Instant;

use client::{Problem, log::NewLines};
use protocol::Timestamp;
use serde_json::Value;

use super::watched_job::WatchedJob;
use crate::failure::Failure;

/// Shows watched jobs.
pub(super) trait View {
    /// The job at `index` has a newer document.
    fn show_document(&mut self, index: usize, job: &WatchedJob, now: Timestamp) -> Result<(), Failure>;

    /// The job has new log lines.
    fn show_log(&mut self, job: &WatchedJob, new: &NewLines<Value>) -> Result<(), Failure>;

    /// The job has a problem.
    fn show_problem(&mut self, job: &WatchedJob, problem: &Problem<Value>) -> Result<(), Failure>;

    /// Shows what is due at this time, and returns when something is due again.
    fn refresh(&mut self, jobs: &[WatchedJob], now: Timestamp) -> Result<Instant, Failure>;

    /// All jobs have ended.
    fn finish(&mut self, jobs: &[WatchedJob], now: Timestamp) -> Result<(), Failure>;

    /// The user does not want to watch any more.
    fn interrupt(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}
