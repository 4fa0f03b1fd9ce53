//! The state machine of a producer: calls and answers in, requests and notices out.
//!
//! It reads no clock and draws no random number: `now_ms`, a monotonic time in milliseconds, and `random`, from 0 to 1, are
//! arguments. The rules are section 19 of PROTOCOL.md.

#[cfg(test)]
mod tests;
mod waiting;

use std::{collections::BTreeSet, time::Duration};

use protocol::{Status, Timestamp, control::Control, id::JobId};
use serde_json::{Map, Value};

use crate::{
    answer::{Accepted, Answer, Meaning},
    backoff,
    control::Requests,
    identity::Identity,
    item::{Item, Line},
    problem::Problem,
    queue::Queue,
};

/// The time without a delivery after which the producer warns.
const UNREACHABLE_MS: u64 = 10_000;
/// The longest wait before a retry while the application waits for delivery.
const FLUSH_RETRY_MS: u64 = 1_000;
/// The empty report is sent after this part of the heartbeat timeout.
const HEARTBEATS: u64 = 3;

/// How a producer behaves.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The path of the job, `/v2/jobs/…`.
    pub(crate) path: String,
    /// Whether it may create the job.
    pub(crate) create: bool,
    /// Whether its first report replaces a job that has ended.
    pub(crate) replace: bool,
    /// The parent of a job that it creates.
    pub(crate) parent: Option<JobId>,
    /// The minimum milliseconds between two requests that only have plain items.
    pub(crate) interval_ms: u64,
    /// Whether the application listens for control requests.
    pub(crate) listens: bool,
}

/// Whether a producer still sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It sends.
    Open,
    /// The job has ended.
    Ended,
    /// The server has denied a request.
    Stopped,
}

/// An HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Path and query.
    pub(crate) path: String,
    /// The JSON of a `POST`; `None` is a `GET`.
    pub(crate) body: Option<String>,
    /// The header `If-None-Match`.
    pub(crate) if_none_match: Option<String>,
}

/// What the driver does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It sends this request.
    Send(Request),
    /// It waits until this time in milliseconds, or for a call.
    Wait(Option<u64>),
    /// It ends.
    End,
}

/// What the application gets to know.
#[derive(Debug, PartialEq)]
pub(crate) enum Notice {
    /// A warning for its log.
    Warning(String),
    /// A new control request.
    Requested(Control),
}

/// The state of a producer.
#[derive(Debug)]
pub(crate) struct Machine {
    options: Options,
    identity: Identity,
    queue: Queue,
    phase: Phase,
    /// Whether a call has ended the job.
    is_closed: bool,
    /// Whether a request was accepted, so that the job exists.
    exists: bool,
    in_flight: bool,
    /// When the last request was started.
    requested_ms: Option<u64>,
    failures: u32,
    backoff_until_ms: u64,
    retry_after_until_ms: u64,
    /// When the first of the requests was started that have failed in a row.
    failing_since_ms: Option<u64>,
    has_warned: bool,
    flushes: u32,
    heartbeat_ms: Option<u64>,
    requests: Requests,
    status: Option<Status>,
    problem: Option<Problem>,
    warned_codes: BTreeSet<String>,
    links: Option<Value>,
    token: Option<String>,
    notices: Vec<Notice>,
}

impl Machine {
    pub(crate) fn new(options: Options, identity: Identity) -> Machine {
        Machine {
            options,
            identity,
            queue: Queue::default(),
            phase: Phase::Open,
            is_closed: false,
            exists: false,
            in_flight: false,
            requested_ms: None,
            failures: 0,
            backoff_until_ms: 0,
            retry_after_until_ms: 0,
            failing_since_ms: None,
            has_warned: false,
            flushes: 0,
            heartbeat_ms: None,
            requests: Requests::default(),
            status: None,
            problem: None,
            warned_codes: BTreeSet::new(),
            links: None,
            token: None,
            notices: Vec::new(),
        }
    }

    /// A call with these fields at the time `at`. Returns whether the driver has to look again.
    pub(crate) fn report(&mut self, fields: Map<String, Value>, at: Timestamp) -> bool {
        if self.is_closed || self.phase != Phase::Open {
            return false;
        }
        if let Some(timeout) = fields.get("heartbeatTimeoutSeconds") {
            let seconds = timeout.as_u64().filter(|seconds| *seconds > 0);
            self.heartbeat_ms = seconds.map(|seconds| seconds.saturating_mul(1000) / HEARTBEATS);
        }
        if fields.get("controls").is_some_and(|controls| !controls.is_null()) {
            self.options.listens = true;
        }
        let item = Item::new(fields, at);
        self.is_closed = item.is_terminal();
        let has_status = !item.is_plain();
        self.queue.add(item) || has_status
    }

    /// As [`Machine::report`] of these counts, if that only replaces the counts that wait already. Returns whether it was.
    pub(crate) fn replace_counts(&mut self, current: &Value, total: &Value) -> bool {
        self.is_closed() || self.queue.replace_counts(current, total)
    }

    /// Appends a line to the log. Returns whether the driver has to look again.
    pub(crate) fn log(&mut self, message: String, level: Option<&str>, at: Timestamp) -> bool {
        if self.is_closed || self.phase != Phase::Open {
            return false;
        }
        self.queue.add(Item { fields: Map::new(), logs: vec![Line::new(message, level, at)] })
    }

    /// The application listens for control requests from now on.
    pub(crate) fn listen(&mut self) {
        self.options.listens = true;
    }

    /// The application begins to wait for delivery: what waits is sent soon.
    pub(crate) fn begin_flush(&mut self, now_ms: u64) {
        self.flushes = self.flushes.saturating_add(1);
        self.backoff_until_ms = self.backoff_until_ms.min(now_ms.saturating_add(FLUSH_RETRY_MS));
    }

    /// The application waits no longer.
    pub(crate) fn end_flush(&mut self) {
        self.flushes = self.flushes.saturating_sub(1);
    }

    /// The next request for the reports.
    pub(crate) fn next(&mut self, now_ms: u64) -> Next {
        if self.phase != Phase::Open {
            return Next::End;
        }
        if self.in_flight {
            return Next::Wait(None);
        }
        match self.due_ms() {
            Some(due_ms) if due_ms <= now_ms => Next::Send(self.request(now_ms)),
            due_ms => Next::Wait(due_ms),
        }
    }

    /// When the next request is due; `None` if there is nothing to send.
    fn due_ms(&self) -> Option<u64> {
        let not_before = self.backoff_until_ms.max(self.retry_after_until_ms);
        let after = |wait_ms: u64| self.requested_ms.map_or(0, |requested| requested.saturating_add(wait_ms));
        if self.queue.is_empty() {
            return self.heartbeat_ms.map(|wait_ms| not_before.max(after(wait_ms)));
        }
        let is_urgent = self.queue.has_sent() || self.queue.has_status() || self.flushes > 0;
        Some(if is_urgent { not_before } else { not_before.max(after(self.options.interval_ms)) })
    }

    fn request(&mut self, now_ms: u64) -> Request {
        if self.queue.is_empty() {
            self.queue.add(Item::default());
        }
        self.in_flight = true;
        self.requested_ms = Some(now_ms);
        let mut path = format!("{}/reports", self.options.path);
        if !self.exists && self.options.create {
            path.push_str(if self.options.replace { "?create=true&replace=ended" } else { "?create=true" });
            if let Some(parent) = &self.options.parent {
                path.push_str(&format!("&parentId={}", parent.to_url_part()));
            }
        }
        Request { path, body: Some(self.queue.request(&mut self.identity)), if_none_match: None }
    }

    /// The answer to the request for the reports; `None` is no response.
    pub(crate) fn on_answer(&mut self, answer: Option<Answer>, now_ms: u64, random: f64) {
        self.in_flight = false;
        match Answer::meaning(answer) {
            Meaning::Accepted(accepted) => {
                self.reset_failures();
                if accepted.is_last_refused {
                    self.queue.done_but_last();
                } else {
                    self.queue.done();
                }
                self.on_accepted(accepted);
            }
            Meaning::Later { retry_after } => self.on_failure(retry_after, now_ms, random),
            Meaning::ItemRefused { index, problem } => {
                self.reset_failures();
                self.queue.refuse(index);
                self.on_problem(problem);
            }
            Meaning::ListRefused(problem) => {
                self.reset_failures();
                self.queue.done_but_last();
                self.on_problem(problem);
            }
            Meaning::Denied(problem) => {
                self.end(Phase::Stopped);
                self.on_problem(problem);
            }
        }
        if self.is_closed && self.queue.is_empty() && self.phase == Phase::Open {
            self.end(Phase::Ended);
        }
    }

    fn on_accepted(&mut self, accepted: Accepted) {
        // A repeat shows that the job had accepted an earlier report, whose response was lost.
        if accepted.is_finished && !accepted.is_stale && !self.exists {
            self.warn("the job has ended already, so nothing is reported".to_owned());
        }
        self.exists = true;
        self.status = accepted.status.or(self.status);
        self.links = accepted.links.or_else(|| self.links.take());
        self.token = accepted.token.or_else(|| self.token.take());
        for problem in accepted.problems {
            self.on_problem(problem);
        }
        let is_other_attempt = self.identity.attempt.is_some() && accepted.attempt != self.identity.attempt;
        if accepted.is_finished || (accepted.is_stale && is_other_attempt) {
            self.end(Phase::Ended);
            return;
        }
        self.identity.attempt = self.identity.attempt.or(accepted.attempt);
        self.on_control(accepted.control);
    }

    fn on_control(&mut self, control: Option<Control>) {
        if let Some(requested) = self.requests.set(control) {
            self.notices.push(Notice::Requested(requested));
        }
    }

    fn on_failure(&mut self, retry_after: Option<Duration>, now_ms: u64, random: f64) {
        self.failures = self.failures.saturating_add(1);
        let wait_ms = backoff::wait_ms(self.failures, random);
        let wait_ms = if self.flushes > 0 { wait_ms.min(FLUSH_RETRY_MS) } else { wait_ms };
        self.backoff_until_ms = now_ms.saturating_add(wait_ms);
        self.retry_after_until_ms = now_ms.saturating_add(retry_after.map_or(0, millis));
        let since_ms = *self.failing_since_ms.get_or_insert(self.requested_ms.unwrap_or(now_ms));
        if now_ms.saturating_sub(since_ms) >= UNREACHABLE_MS && !self.has_warned {
            self.has_warned = true;
            let seconds = UNREACHABLE_MS / 1000;
            self.warn(format!(
                "no report was delivered for {seconds} s; the reports wait until the server accepts them"
            ));
        }
    }

    fn reset_failures(&mut self) {
        self.failures = 0;
        self.backoff_until_ms = 0;
        self.retry_after_until_ms = 0;
        self.failing_since_ms = None;
        self.has_warned = false;
    }

    fn on_problem(&mut self, problem: Problem) {
        if self.warned_codes.insert(problem.code.clone()) {
            let stops = if self.phase == Phase::Stopped { "; nothing is reported any more" } else { "" };
            self.warn(format!("the server refused a report: {problem}{stops}"));
        }
        self.problem = Some(problem);
    }

    pub(crate) fn warn(&mut self, text: String) {
        self.notices.push(Notice::Warning(text));
    }

    fn end(&mut self, phase: Phase) {
        self.queue.clear();
        self.phase = phase;
    }

    /// The notices since the last call.
    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Whether nothing waits for delivery.
    pub(crate) fn is_delivered(&self) -> bool {
        self.queue.is_empty() && !self.in_flight
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether a call has ended the job, or later calls are ignored for another reason.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed || self.phase != Phase::Open
    }

    /// Whether the application listens for control requests.
    pub(crate) fn listens(&self) -> bool {
        self.options.listens
    }

    /// Stops the producer, because its settings cannot work.
    pub(crate) fn refuse(&mut self, problem: Problem) {
        self.end(Phase::Stopped);
        self.on_problem(problem);
    }

    /// Whether the server has accepted a report.
    pub(crate) fn exists(&self) -> bool {
        self.exists
    }

    pub(crate) fn status(&self) -> Option<Status> {
        self.status
    }

    pub(crate) fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    pub(crate) fn requests(&self) -> &Requests {
        &self.requests
    }

    pub(crate) fn links(&self) -> Option<&Value> {
        self.links.as_ref()
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
