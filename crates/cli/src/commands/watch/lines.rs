//! Watched jobs if standard output is not a terminal: a line for each change.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use client::{Problem, log::NewLines};
use protocol::Timestamp;
use serde_json::Value;

use super::{view::View, watched_job::WatchedJob};
use crate::{
    document_view::DocumentView,
    failure::Failure,
    log_line::{log_line, skipped},
    output::{Output, printable},
};

/// The least time between two lines of a job, unless its status has changed.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long one wait for an update lasts if no line is due; another one follows.
const WAIT: Duration = Duration::from_secs(3_600);

/// Prints a line for each change, at most one a second for each job, and always those of its status.
pub(super) struct Lines {
    output: Output,
    steps: bool,
    printed: HashMap<usize, Printed>,
}

/// What was printed of a job.
struct Printed {
    at: Instant,
    status: String,
    line: String,
    /// The job has changed since.
    is_outdated: bool,
}

impl Lines {
    /// A view that prints to `output`, with the steps if `steps` is set.
    pub(super) fn new(output: Output, steps: bool) -> Lines {
        Lines { output, steps, printed: HashMap::new() }
    }

    fn print(&mut self, index: usize, job: &WatchedJob, now: Timestamp) -> Result<(), Failure> {
        let Some(view) = job.view() else { return Ok(()) };
        let line = self.line(job, view, now);
        // The time that is left changes without a change of the job.
        if self.printed.get(&index).is_none_or(|printed| printed.line != line) {
            self.output.line(&line)?;
        }
        let status = status_of(view);
        self.printed.insert(index, Printed { at: Instant::now(), status, line, is_outdated: false });
        Ok(())
    }

    fn line(&self, job: &WatchedJob, view: DocumentView, now: Timestamp) -> String {
        let mut parts = vec![job.id.to_string(), view.styled_status().to_string()];
        let message = view.error().or_else(|| view.message());
        parts.extend(
            [view.percent(), view.counts(), view.remaining(now), view.waits_for(), message].into_iter().flatten(),
        );
        if self.steps {
            let step = |(label, status, _): (String, &str, _)| format!("{label}: {status}");
            parts.extend(view.steps().into_iter().map(step));
        }
        parts.join("  ")
    }
}

impl View for Lines {
    fn show_document(&mut self, index: usize, job: &WatchedJob, now: Timestamp) -> Result<(), Failure> {
        let Some(view) = job.view() else { return Ok(()) };
        match self.printed.get_mut(&index) {
            Some(printed) if printed.status == status_of(view) && !is_due(printed) => {
                printed.is_outdated = true;
                Ok(())
            }
            _ => self.print(index, job, now),
        }
    }

    fn show_log(&mut self, job: &WatchedJob, new: &NewLines<Value>) -> Result<(), Failure> {
        skipped(&job.id, new).iter().for_each(|notice| self.output.notice(notice));
        new.lines.iter().try_for_each(|line| self.output.line(format_args!("{}  {}", job.id, log_line(line))))
    }

    fn show_problem(&mut self, job: &WatchedJob, problem: &Problem<Value>) -> Result<(), Failure> {
        self.output.notice(notice(job, problem));
        Ok(())
    }

    fn refresh(&mut self, jobs: &[WatchedJob], now: Timestamp) -> Result<Instant, Failure> {
        for (index, job) in jobs.iter().enumerate() {
            if self.printed.get(&index).is_some_and(|printed| printed.is_outdated && is_due(printed)) {
                self.print(index, job, now)?;
            }
        }
        let outdated = self.printed.values().filter(|printed| printed.is_outdated);
        let due = outdated.filter_map(|printed| printed.at.checked_add(INTERVAL)).min();
        let now = Instant::now();
        Ok(due.unwrap_or_else(|| now.checked_add(WAIT).unwrap_or(now)))
    }

    fn finish(&mut self, jobs: &[WatchedJob], now: Timestamp) -> Result<(), Failure> {
        for (index, job) in jobs.iter().enumerate() {
            if self.printed.get(&index).is_some_and(|printed| printed.is_outdated) {
                self.print(index, job, now)?;
            }
        }
        Ok(())
    }
}

/// The notice of a problem.
pub(super) fn notice(job: &WatchedJob, problem: &Problem<Value>) -> String {
    let next = if problem.fatal { "" } else { "; it is tried again" };
    format!("jp: {}: {} ({}){next}", job.id, printable(&problem.message), problem.code)
}

fn is_due(printed: &Printed) -> bool {
    printed.at.elapsed() >= INTERVAL
}

/// What is printed at once when it changes.
fn status_of(view: DocumentView) -> String {
    format!("{} {:?} {:?}", view.status(), view.number(&["attempt"]), view.waits_for())
}
