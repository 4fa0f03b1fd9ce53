//! A job that is being reported.

use std::{fmt, sync::Arc, thread, time::Duration};

use protocol::{
    Status,
    control::{Control, ControlRequest},
};
use serde_json::{Map, Value};

use crate::{driver::Driver, links::Links, machine::Phase, problem::Problem, quantity::Quantity, report::Report};

/// The longest time for which a job that is dropped waits for delivery.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time for which reading the links or the token waits for the first response.
const LINKS_TIMEOUT: Duration = Duration::from_secs(10);

/// A job that is being reported.
///
/// The methods that report return at once and never fail: they only change memory, and a thread sends what waits, at most
/// twice a second, with retries. Reports that wait become one; changes of the status and log lines stay as they are. What the
/// server refuses is a [problem](Job::problem), and a warning of the crate `log`.
///
/// A job can be shared between threads by reference or in an `Arc`.
///
/// # Drop
///
/// A job that is dropped waits for delivery, for at most 5 seconds. A job of [`Client::job`](crate::Client::job) that is
/// dropped without an end is ended: as `cancelled` if its cancellation was requested, as `failed` otherwise, because an early
/// return (`?`) or a panic is how Rust leaves work that it cannot finish. [`Job::detach`] leaves it open. A job of
/// [`Client::producer`](crate::Client::producer) stays open. A job that is never dropped (in a `static`, or at
/// `std::process::exit`) is not flushed: call [`Job::close`].
#[derive(Debug)]
pub struct Job {
    driver: Arc<Driver>,
    drop_policy: DropPolicy,
}

/// What happens to a job that is dropped without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DropPolicy {
    /// It is ended.
    Ends,
    /// It stays as it is.
    LeavesOpen,
    /// [`Job::close`] has done all that there is to do.
    Closed,
}

impl Job {
    pub(crate) fn new(driver: Arc<Driver>, drop_policy: DropPolicy) -> Job {
        Job { driver, drop_policy }
    }

    /// The id of the job.
    pub fn id(&self) -> &str {
        self.driver.job_id()
    }

    /// Reports how much is done. It costs about a microsecond, so it can be called for each item.
    pub fn update(&self, current: impl Quantity, total: impl Quantity) {
        let (current, total) = (current.into_json(), total.into_json());
        if !self.driver.with(|machine| machine.replace_counts(&current, &total)) {
            self.report(Report::new().field("current", current).field("total", total));
        }
    }

    /// Adds to the units done, for jobs with several producers.
    pub fn increment(&self, units: impl Quantity) {
        self.report(Report::new().increment(units));
    }

    /// Reports what the job is doing, in one line for people.
    pub fn message(&self, message: impl Into<String>) {
        self.report(Report::new().message(message));
    }

    /// Reports any fields.
    ///
    /// ```no_run
    /// use job_progress::{Client, Report, Substate};
    /// # let job = Client::from_env().unwrap().job("import-42").start();
    /// job.report(Report::new().progress(40).substate(Substate::Uploading).attributes([("host", "a1")]));
    /// ```
    pub fn report(&self, report: Report) {
        self.send(report.into_fields());
    }

    /// Appends a line to the log of the job. A line of more than 8 KiB is cut.
    pub fn log(&self, line: impl Into<String>) {
        let line = line.into();
        self.driver.call(|machine, at| machine.log(line, None, at));
    }

    /// Appends a line with a level, such as `warn`, to the log of the job.
    pub fn log_with_level(&self, level: &str, line: impl Into<String>) {
        let line = line.into();
        self.driver.call(|machine, at| machine.log(line, Some(level), at));
    }

    /// Ends the job as `completed`.
    pub fn complete(&self) {
        self.report(Report::new().status(Status::Completed));
    }

    /// Ends the job as `completed`, with its output.
    pub fn complete_with(&self, output: impl Into<Value>) {
        self.report(Report::new().status(Status::Completed).output(output));
    }

    /// Ends the job as `failed`, with the text of `error`. For a code or details, report the field `error`.
    pub fn fail(&self, error: impl fmt::Display) {
        self.report(Report::new().status(Status::Failed).field("error", error.to_string()));
    }

    /// Ends the job as `cancelled`, which confirms the request to cancel it.
    pub fn cancelled(&self) {
        self.report(Report::new().status(Status::Cancelled));
    }

    /// Reports that the work is suspended, which confirms the request to pause it.
    pub fn paused(&self) {
        self.report(Report::new().status(Status::Paused));
    }

    /// Reports that the work continues, which confirms the request to resume it.
    pub fn resumed(&self) {
        self.report(Report::new().status(Status::Running));
    }

    /// Calls a function once for each control request; see [`JobBuilder::on_control`](crate::JobBuilder::on_control). It
    /// replaces the former function, and is called at once if a request is pending.
    pub fn on_control(&self, callback: impl Fn(&Control) + Send + Sync + 'static) {
        self.driver.set_callback(Arc::new(callback));
    }

    /// Whether a request to cancel the job is pending.
    ///
    /// A job that reports learns of requests from the responses. One that can be silent for long sets
    /// [`controls`](crate::JobBuilder::controls) or [`on_control`](Job::on_control): then the producer also waits for them.
    pub fn is_cancel_requested(&self) -> bool {
        self.driver.with(|machine| machine.requests().is_pending(ControlRequest::Cancel))
    }

    /// Whether a request to pause the job is pending.
    pub fn is_pause_requested(&self) -> bool {
        self.driver.with(|machine| machine.requests().is_pending(ControlRequest::Pause))
    }

    /// The control request that is pending, with its reason.
    pub fn control(&self) -> Option<Control> {
        self.driver.with(|machine| machine.requests().pending().cloned())
    }

    /// Whether nothing more is sent: the job has ended, here or elsewhere, or the server has denied a report.
    pub fn has_ended(&self) -> bool {
        self.driver.with(|machine| machine.phase() != Phase::Open)
    }

    /// The state of the job in the last response; `None` before the first one.
    pub fn status(&self) -> Option<Status> {
        self.driver.with(|machine| machine.status())
    }

    /// The last problem: why the server refused a report.
    pub fn problem(&self) -> Option<Problem> {
        self.driver.with(|machine| machine.problem().cloned())
    }

    /// The URLs of the job, if this producer has created it. It waits at most 10 seconds for the first response.
    pub fn links(&self) -> Option<Links> {
        self.wait_for_response();
        self.driver.with(|machine| machine.links().and_then(Links::read))
    }

    /// A token with which a page can read the job for 24 hours, if this producer has created the job and its key has the
    /// permission `jobs:read`. It waits at most 10 seconds for the first response.
    pub fn token(&self) -> Option<String> {
        self.wait_for_response();
        self.driver.with(|machine| machine.token().map(str::to_owned))
    }

    fn wait_for_response(&self) {
        self.driver.wait(LINKS_TIMEOUT, |machine| machine.exists() || machine.phase() != Phase::Open);
    }

    /// Waits until all reports are delivered, for at most `timeout`.
    ///
    /// # Errors
    ///
    /// The last problem, if the server has refused a report; otherwise that the server could not be reached in time.
    pub fn flush(&self, timeout: Duration) -> Result<(), DeliveryError> {
        let is_delivered = self.driver.flush(timeout);
        match self.problem() {
            Some(problem) => Err(DeliveryError::Refused(Box::new(problem))),
            None if is_delivered => Ok(()),
            None => Err(DeliveryError::TimedOut),
        }
    }

    /// Drops the job and returns whether its last reports were delivered. A job without an end is ended as by `drop`.
    ///
    /// # Errors
    ///
    /// As [`Job::flush`], with a timeout of 5 seconds.
    pub fn close(mut self) -> Result<(), DeliveryError> {
        self.end_if_open();
        let flushed = self.flush(DROP_TIMEOUT);
        self.drop_policy = DropPolicy::Closed;
        flushed
    }

    /// Drops the job without an end: it stays open, for another program that continues it.
    pub fn detach(mut self) {
        self.drop_policy = DropPolicy::LeavesOpen;
    }

    fn send(&self, fields: Map<String, Value>) {
        self.driver.call(|machine, at| machine.report(fields, at));
    }

    /// Ends a job that is dropped without an end.
    fn end_if_open(&self) {
        if self.drop_policy != DropPolicy::Ends || self.driver.with(|machine| machine.is_closed()) {
            return;
        }
        if self.is_cancel_requested() {
            return self.cancelled();
        }
        let (code, message) = if thread::panicking() {
            ("PANIC", "the program panicked")
        } else {
            ("DROPPED", "the program left the job before its end")
        };
        self.report(Report::new().status(Status::Failed).error(code, message));
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.end_if_open();
        if self.drop_policy != DropPolicy::Closed && !self.driver.flush(DROP_TIMEOUT) {
            self.driver.warn("the last reports were not delivered");
        }
        self.driver.abandon();
    }
}

/// Why reports were not delivered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The server has refused a report.
    Refused(Box<Problem>),
    /// The server has not accepted the reports in time.
    TimedOut,
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeliveryError::Refused(problem) => problem.fmt(f),
            DeliveryError::TimedOut => f.write_str("the server has not accepted the reports in time"),
        }
    }
}

impl std::error::Error for DeliveryError {}
