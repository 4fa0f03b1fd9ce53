//! Whether a report is heard, and what becomes of the job.

use std::mem;

use protocol::{
    Problem, Report, Timestamp,
    answer::{ItemAnswer, Reason, ReportAnswer},
    fold::fold,
    limits::{DOCUMENT_BYTES, PRODUCERS},
    log_line::LogLine,
    problem::Code,
    report::Reports,
    weight::FIXED,
};

use crate::{expiry, forecast::Word, job::Job, size::json_bytes};

/// What became of one report.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is part of the document now.
    Accepted,
    /// Nothing is wrong with it, and nothing changed.
    Ignored(Reason),
    /// The job's state or a limit does not allow it, and nothing changed.
    Refused(Problem),
}

/// The job after some reports, to be committed before anybody hears of it.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// The job afterwards.
    pub job: Job,
    /// Whether anything changed, and so whether there is anything to commit.
    pub changed: bool,
    /// The new log lines, numbered.
    pub lines: Vec<LogLine>,
    /// What became of each report, with the job's `seq` after it.
    pub outcomes: Vec<(u64, Outcome)>,
    /// Whether it was one report, answered by itself.
    single: bool,
    /// Bytes that the document has at most.
    bytes_at_most: usize,
}

/// Lays `reports` over `job`, in order, at `now`.
///
/// A report whose `order` is not above the last of its producer, or whose `attempt` is not the current one, is stale;
/// after the end every report comes too late. Neither changes anything, so that a retry or a late packet never hurts.
pub fn accept(job: Job, reports: Reports, now: Timestamp) -> Acceptance {
    let bytes = job.stored_bytes.unwrap_or_else(|| json_bytes(&job.document));
    let mut acceptance = Acceptance {
        job,
        changed: false,
        lines: Vec::new(),
        outcomes: Vec::new(),
        single: matches!(reports, Reports::One(_)),
        bytes_at_most: bytes.saturating_add(FIXED),
    };
    for report in reports {
        let outcome = acceptance.hear(report, now);
        acceptance.changed |= outcome == Outcome::Accepted;
        acceptance.outcomes.push((acceptance.job.document.seq, outcome));
    }
    acceptance
}

/// Makes a job of its first reports: its first commit is `seq` 1 and the first of them is part of it.
///
/// # Errors
///
/// The problem of the first report, when it is refused; no job is made then.
pub fn create(mut job: Job, reports: Reports, now: Timestamp) -> Result<Acceptance, Problem> {
    // The fold counts the first report as a change of its own; here it is one with the creation.
    job.document.seq = 0;
    let acceptance = accept(job, reports, now);
    let problem = match acceptance.outcomes.first() {
        Some((_, Outcome::Refused(problem))) => problem.clone(),
        Some((_, Outcome::Ignored(_))) => Problem::invalid("attempt", "must be 1, or absent, for a new job"),
        _ => return Ok(acceptance),
    };
    Err(if acceptance.single { problem } else { problem.with("index", 0) })
}

impl Acceptance {
    fn hear(&mut self, mut report: Report, now: Timestamp) -> Outcome {
        let Job { document, record, stored_bytes } = &mut self.job;
        let last_order = record.orders.get(&report.producer).copied();
        let stale_order = report.order.zip(last_order).is_some_and(|(order, last)| order <= last);
        if stale_order || report.attempt.is_some_and(|attempt| attempt != document.attempt) {
            return Outcome::Ignored(Reason::Stale);
        }
        if document.status.is_terminal() {
            return Outcome::Ignored(Reason::Finished);
        }
        if report.order.is_some() && last_order.is_none() && record.orders.len() >= PRODUCERS {
            return Outcome::Refused(Problem::past_limit("producer", PRODUCERS, "names in one job"));
        }
        // Only a document that may come to its limit is written to be measured, and copied to be put back.
        let at_most = self.bytes_at_most.saturating_add(report.weight());
        let before = (at_most > DOCUMENT_BYTES).then(|| (document.clone(), record.forecast.clone()));
        let (producer, order, at) = (mem::take(&mut report.producer), report.order, report.at);
        let (logs, word) = (mem::take(&mut report.logs), Word::of(&report));
        if let Err(problem) = fold(document, report, now) {
            return Outcome::Refused(problem);
        }
        record.forecast.follow(word, document, now);
        document.expires_at = expiry::expires_at(document);
        self.bytes_at_most = match before {
            None => at_most,
            Some((before, forecast)) => {
                let bytes = json_bytes(document);
                if bytes > DOCUMENT_BYTES {
                    *document = before;
                    record.forecast = forecast;
                    return Outcome::Refused(too_large());
                }
                bytes.saturating_add(FIXED)
            }
        };
        *stored_bytes = None;
        if let Some(order) = order {
            record.orders.insert(producer, order);
        }
        for line in logs {
            record.last_line = record.last_line.saturating_add(1);
            self.lines.push(LogLine {
                number: record.last_line,
                at: line.at.or(at).unwrap_or(now),
                level: line.level,
                message: line.message,
            });
        }
        Outcome::Accepted
    }

    /// What the producer hears: of a single report what became of it, of a list the whole and each item.
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
            accepted: self.outcomes.iter().all(|(_, outcome)| *outcome == Outcome::Accepted),
            reason: None,
            control: document.control.as_ref(),
            results: None,
        };
        match self.outcomes.first() {
            Some((_, Outcome::Refused(problem))) if self.single => return Err(problem.clone()),
            Some((_, Outcome::Ignored(reason))) if self.single => answer.reason = Some(*reason),
            _ if self.single => {}
            _ => answer.results = Some(self.outcomes.iter().map(item_answer).collect()),
        }
        Ok(answer)
    }
}

fn too_large() -> Problem {
    let message =
        format!("The job's document would be larger than {DOCUMENT_BYTES} bytes; send less, or clear fields with null");
    Problem::new(Code::PayloadTooLarge, message).with("field", "document").with("limit", DOCUMENT_BYTES)
}

fn item_answer((seq, outcome): &(u64, Outcome)) -> ItemAnswer {
    let (reason, problem) = match outcome {
        Outcome::Accepted => (None, None),
        Outcome::Ignored(reason) => (Some(*reason), None),
        Outcome::Refused(problem) => (None, Some(problem.clone())),
    };
    ItemAnswer { seq: *seq, accepted: *outcome == Outcome::Accepted, reason, problem }
}
