//! Watched jobs as JSON: a document a line, and with `--logs` `{"jobId", "log"}` for each log line.

use std::time::{Duration, Instant};

use client::{Problem, log::NewLines};
use protocol::Timestamp;
use serde_json::{Value, json};

use super::{lines::notice, view::View, watched_job::WatchedJob};
use crate::{failure::Failure, log_line::skipped, output::Output};

/// How long one wait for an update lasts; another one follows.
const WAIT: Duration = Duration::from_secs(3_600);

/// Prints every document that arrives.
pub(super) struct JsonLines {
    output: Output,
}

impl JsonLines {
    /// A view that prints to `output`.
    pub(super) fn new(output: Output) -> JsonLines {
        JsonLines { output }
    }
}

impl View for JsonLines {
    fn show_document(&mut self, _: usize, job: &WatchedJob, _: Timestamp) -> Result<(), Failure> {
        job.document.as_ref().map_or(Ok(()), |document| self.output.json(document))
    }

    fn show_log(&mut self, job: &WatchedJob, new: &NewLines<Value>) -> Result<(), Failure> {
        skipped(&job.id, new).iter().for_each(|notice| self.output.notice(notice));
        new.lines.iter().try_for_each(|line| self.output.json(&json!({"jobId": job.id.as_str(), "log": line})))
    }

    fn show_problem(&mut self, job: &WatchedJob, problem: &Problem<Value>) -> Result<(), Failure> {
        self.output.notice(notice(job, problem));
        Ok(())
    }

    fn refresh(&mut self, _: &[WatchedJob], _: Timestamp) -> Result<Instant, Failure> {
        let now = Instant::now();
        Ok(now.checked_add(WAIT).unwrap_or(now))
    }

    fn finish(&mut self, _: &[WatchedJob], _: Timestamp) -> Result<(), Failure> {
        Ok(())
    }
}
