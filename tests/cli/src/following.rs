//! A native reader with helpers that wait for its updates.

use std::time::{Duration, Instant};

use client::{
    JobKey, Problem, Subscription,
    native::{Reader, Update},
};
use contract::target::Target;
use protocol::{id::JobId, include::Include};
use serde_json::Value;

/// The longest time until an update arrives; a silent connection is noticed after 25 seconds.
const UPDATE_TIMEOUT: Duration = Duration::from_secs(60);

/// A reader that follows one job.
#[derive(Debug)]
pub struct Following {
    /// The reader.
    pub reader: Reader,
    /// The key of the job.
    pub key: JobKey,
    /// The numbers of the log lines that have arrived.
    pub lines: Vec<u64>,
}

impl Following {
    /// Follows a job of the server at `base_url` with the key that has every permission, with the log.
    pub fn start(base_url: &str, job: &str) -> Following {
        Following::start_with(base_url, job, &Target::get().key)
    }

    /// Follows a job with that credential.
    ///
    /// # Panics
    ///
    /// When the id is not one.
    pub fn start_with(base_url: &str, job: &str, credential: &str) -> Following {
        let mut reader = Reader::new(base_url, Some(credential.to_owned()));
        let include = Include::parse(["logs"]).unwrap_or_default();
        let id = JobId::parse(job).unwrap_or_else(|| panic!("{job} is not a job id"));
        let key = reader.join(Subscription::new(id, None, include));
        let key = key.unwrap_or_else(|| panic!("{job} cannot join"));
        Following { reader, key, lines: Vec::new() }
    }

    /// Waits until `wanted` takes an update; others before it are skipped.
    ///
    /// # Panics
    ///
    /// When none comes in time.
    pub fn until<T>(&mut self, what: &str, mut wanted: impl FnMut(Update) -> Option<T>) -> T {
        let deadline = Instant::now() + UPDATE_TIMEOUT;
        while let Some((_, update)) = self.reader.next(deadline) {
            if let Update::Log(new) = &update {
                let number = |line: &Value| line.get("number").and_then(Value::as_u64);
                self.lines.extend(new.lines.iter().filter_map(number));
            }
            if let Some(value) = wanted(update) {
                return value;
            }
        }
        panic!("no {what} within {UPDATE_TIMEOUT:?}")
    }

    /// Waits for a document with this `progress`.
    pub fn progress(&mut self, progress: u64) -> Value {
        self.until(&format!("document with progress {progress}"), |update| match update {
            Update::Document(document) if document.get("progress") == Some(&progress.into()) => Some(document),
            _ => None,
        })
    }

    /// Waits for the end of the job.
    pub fn end(&mut self) {
        self.until("end", |update| (update == Update::End).then_some(()));
    }

    /// Waits for a problem.
    pub fn problem(&mut self) -> Problem<Value> {
        self.until("problem", |update| match update {
            Update::Problem(problem) => Some(problem),
            _ => None,
        })
    }
}
