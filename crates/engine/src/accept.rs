//! Accepting reports: which reports change the job, and what is answered to the producer.

use std::{collections::BTreeMap, mem};

use protocol::{
    Problem, Report, Timestamp,
    answer::{ItemAnswer, Reason, ReportAnswer},
    fold::{determines_progress, fold},
    limits::{DOCUMENT_BYTES, PRODUCERS, PRODUCERS_BYTES},
    log_line::LogLine,
    problem::Code,
    report::Reports,
    size::json_bytes,
};

use crate::{estimates::ProducerOverride, job::Job, lifecycle::Lifecycle, retention::expires_at};

/// The outcome of one report.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The report is part of the document.
    Accepted,
    /// The report is valid but stale or too late; nothing changed.
    Ignored(Reason),
    /// The job's state or a limit does not allow the report; nothing changed.
    Refused(Problem),
}

/// The outcome of one report, with the state of the job after it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportOutcome {
    /// The job's `seq` after the report.
    pub seq: u64,
    /// The outcome.
    pub outcome: Outcome,
    /// The paths of the texts that were cut, if the report was accepted.
    pub truncated: Vec<String>,
}

/// A job after some reports. The caller commits it before it answers or broadcasts.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// The job after the reports.
    pub job: Job,
    /// Whether the job changed and must be committed.
    pub changed: bool,
    /// The new log lines, numbered.
    pub lines: Vec<LogLine>,
    /// The outcome of each report, in order.
    pub outcomes: Vec<ReportOutcome>,
    /// Whether the body was one report and not a list.
    single: bool,
    /// An upper bound of the bytes of the document's free-form fields.
    max_bytes: usize,
}

/// Applies `reports` to `job`, in order, at `now`.
///
/// A report is stale if its `order` is not above the last of its producer, or if its `attempt` is not the current one;
/// after the end every report is too late. Neither changes anything, so that a retry or a late packet does no harm.
pub fn accept(job: Job, reports: Reports, now: Timestamp) -> Acceptance {
    let bytes = job.stored_bytes.unwrap_or_else(|| json_bytes(&job.document));
    let mut acceptance = Acceptance {
        job,
        changed: false,
        lines: Vec::new(),
        outcomes: Vec::new(),
        single: matches!(reports, Reports::One(_)),
        max_bytes: bytes,
    };
    for mut report in reports {
        let truncated = mem::take(&mut report.truncated);
        let outcome = acceptance.apply(report, now);
        let is_accepted = outcome == Outcome::Accepted;
        acceptance.changed |= is_accepted;
        let truncated = if is_accepted { truncated } else { Vec::new() };
        acceptance.outcomes.push(ReportOutcome { seq: acceptance.job.document.seq, outcome, truncated });
    }
    acceptance
}

/// Creates a job from its first reports: the creation and the first report are one commit, with `seq` 1.
///
/// # Errors
///
/// The problem of the first report if it is refused or ignored; no job is created then.
pub fn create(mut job: Job, reports: Reports, now: Timestamp) -> Result<Acceptance, Problem> {
    // The fold counts the first report as a change of its own; here it is one with the creation.
    job.document.seq = 0;
    let acceptance = accept(job, reports, now);
    let problem = match acceptance.outcomes.first().map(|first| &first.outcome) {
        Some(Outcome::Refused(problem)) => problem.clone(),
        Some(Outcome::Ignored(_)) => Problem::invalid("attempt", "must be 1, or absent, for a new job"),
        _ => return Ok(acceptance),
    };
    Err(if acceptance.single { problem } else { problem.with("index", 0) })
}

impl Acceptance {
    fn apply(&mut self, mut report: Report, now: Timestamp) -> Outcome {
        let Job { document, record, .. } = &mut self.job;
        let last_order = record.orders.get(report.producer.as_deref().unwrap_or_default()).copied();
        let stale_order = report.order.zip(last_order).is_some_and(|(order, last)| order <= last);
        if stale_order || report.attempt.is_some_and(|attempt| attempt != document.attempt) {
            return Outcome::Ignored(Reason::Stale);
        }
        if document.status.is_terminal() {
            return Outcome::Ignored(Reason::Finished);
        }
        if report.order.is_some() && last_order.is_none() {
            let name = report.producer.as_deref().unwrap_or_default();
            if let Some(problem) = check_new_producer(&record.orders, name) {
                return Outcome::Refused(problem);
            }
        }
        // The fields are serialized to be measured only if they may exceed the limit. A report that sets no free-form field
        // always fits: a job can always end, progress and say what it does.
        let weight = report.weight();
        let mut max_bytes = self.max_bytes.saturating_add(weight);
        if weight > 0 && max_bytes > DOCUMENT_BYTES {
            max_bytes = report.free_form_bytes_after(document);
            if max_bytes > DOCUMENT_BYTES {
                return Outcome::Refused(too_large());
            }
        }
        let (producer, order, at) = (mem::take(&mut report.producer), report.order, report.at);
        let (logs, overrides) = (mem::take(&mut report.logs), ProducerOverride::from_report(&report));
        // A creation is one change with its first report, so there is no state before it.
        let before = (document.seq > 0).then(|| Lifecycle::of(document));
        let webhooks = report.webhooks.take();
        let own_progress = document.children.as_ref().and_then(|_| determines_progress(document, &report));
        // No time of a document lies before the one that it follows, also if the clock was set back.
        let committed_at = now.max(document.updated_at);
        if let Err(problem) = fold(document, report, committed_at) {
            return Outcome::Refused(problem);
        }
        if document.children.is_some() {
            record.has_own_progress = own_progress.unwrap_or(record.has_own_progress);
            self.job.show_progress_of_children();
        }
        let Job { document, record, stored_bytes, .. } = &mut self.job;
        record.estimate(overrides, document, now);
        record.reported_at = Some(now);
        document.expires_at = expires_at(document);
        if let Some(webhooks) = webhooks {
            record.webhooks.set(webhooks);
        }
        self.max_bytes = max_bytes;
        *stored_bytes = None;
        if let Some(order) = order {
            record.orders.insert(producer.unwrap_or_default(), order);
        }
        for line in logs.unwrap_or_default() {
            record.last_line = record.last_line.saturating_add(1);
            self.lines.push(LogLine {
                number: record.last_line,
                at: line.at.or(at).unwrap_or(committed_at),
                level: line.level,
                message: line.message,
            });
        }
        self.job.publish_change(before);
        Outcome::Accepted
    }

    /// The answer to the producer: the outcome of a single report, or of a list as a whole and of each item.
    ///
    /// # Errors
    ///
    /// The problem of a single report that was refused.
    pub fn answer(&self) -> Result<ReportAnswer<'_>, Problem> {
        let document = &self.job.document;
        let mut answer = ReportAnswer {
            job_id: &document.job_id,
            seq: document.seq,
            status: document.status,
            attempt: document.attempt,
            accepted: self.outcomes.iter().all(|report| report.outcome == Outcome::Accepted),
            reason: None,
            control: document.control.as_ref(),
            truncated: self.truncated(),
            results: None,
        };
        match self.outcomes.first().map(|first| &first.outcome) {
            Some(Outcome::Refused(problem)) if self.single => return Err(problem.clone()),
            Some(Outcome::Ignored(reason)) if self.single => answer.reason = Some(*reason),
            _ if self.single => {}
            _ => answer.results = Some(self.outcomes.iter().map(item_answer).collect()),
        }
        Ok(answer)
    }

    /// The texts of a single report that were cut.
    pub fn truncated(&self) -> &[String] {
        self.outcomes.first().filter(|_| self.single).map_or(&[], |first| &first.truncated)
    }
}

/// The problem of one more producer with this name, if its `order` cannot be kept.
fn check_new_producer(orders: &BTreeMap<String, u64>, name: &str) -> Option<Problem> {
    if orders.len() >= PRODUCERS {
        return Some(Problem::past_limit("producer", PRODUCERS, "names in one job"));
    }
    let bytes = orders.keys().fold(json_bytes(&name), |sum, name| sum.saturating_add(json_bytes(name)));
    (bytes > PRODUCERS_BYTES).then(|| Problem::past_limit("producer", PRODUCERS_BYTES, "bytes of names in one job"))
}

fn too_large() -> Problem {
    let message = format!(
        "The free-form fields of the job (`metadata`, `output`, `steps`, …) would have more than {DOCUMENT_BYTES} bytes as \
         JSON together; send less, or clear fields with null"
    );
    Problem::new(Code::PayloadTooLarge, message).with("field", "document").with("limit", DOCUMENT_BYTES)
}

fn item_answer(ReportOutcome { seq, outcome, truncated }: &ReportOutcome) -> ItemAnswer<'_> {
    let (reason, problem) = match outcome {
        Outcome::Accepted => (None, None),
        Outcome::Ignored(reason) => (Some(*reason), None),
        Outcome::Refused(problem) => (None, Some(problem.clone())),
    };
    ItemAnswer { seq: *seq, accepted: *outcome == Outcome::Accepted, reason, truncated, problem }
}
