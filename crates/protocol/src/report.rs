//! A report: what a producer sends.
//!
//! **To add a field**, add a row to the table below and a documented field of the same name to
//! [`Document`](crate::Document). Reading, fold, size limit, OpenAPI document and the tables of PROTOCOL.md follow.

mod controls;
mod line_limit;
pub mod parts;
mod table;
mod webhooks;

use serde_json::Value;

pub use self::{
    controls::Controls,
    parts::NewLine,
    table::{Field, Role},
    webhooks::Webhooks,
};

use self::{
    line_limit::limit_lines,
    parts::{LogLines, Steps},
    table::{Member, report_fields},
};
use crate::{
    document::{Document, JobError, Throughput, Waiting},
    fields::Fields,
    form::{AnyJson, Form, HumanText, Integer, Object, Percent, Seconds, Strings, Text},
    json,
    limits::{
        MESSAGE_BYTES, NAME_BYTES, PRODUCER_BYTES, REPORTS, REPORTS_VALUES, RETENTION_SECONDS, SILENCE_SECONDS,
        TIMEOUT_SECONDS,
    },
    number::Number,
    patch::Patch,
    problem::Problem,
    status::{Status, Substate},
    step::{Step, StepStatus},
    time::Timestamp,
    truncation::Truncations,
    weight,
};

report_fields! {
    /// The state to enter.
    "status" => status: Sent(Status),
    "substate" => substate: Computed(Substate),
    "current" => current: Computed(Number),
    "total" => total: Copied(Number),
    /// The amount to add to `current`. MUST NOT be sent together with `current`.
    "increment" => increment: Sent(Number),
    "unit" => unit: Copied(Text<NAME_BYTES>),
    "progress" => progress: Computed(Percent),
    "message" => message: Copied(HumanText<MESSAGE_BYTES>),
    "currentStep" => current_step: Copied(Text<NAME_BYTES>),
    "steps" => steps: Copied(Steps),
    "attributes" => attributes: Copied(Strings),
    "metadata" => metadata: Copied(Object),
    "resources" => resources: Copied(Object),
    "metrics" => metrics: Copied(Object),
    "execution" => execution: Copied(Object),
    "coldStart" => cold_start: Copied(Object),
    "throughput" => throughput: Copied(Throughput),
    "estimatedCompletion" => estimated_completion: Copied(Timestamp),
    "output" => output: Copied(AnyJson),
    "result" => result: Copied(AnyJson),
    "finalMetrics" => final_metrics: Copied(Object),
    "error" => error: Copied(JobError),
    "partialResults" => partial_results: Copied(AnyJson),
    "retryable" => retryable: Copied(bool),
    "retryCount" => retry_count: Copied(Integer),
    "nextRetryAt" => next_retry_at: Copied(Timestamp),
    "timeoutSeconds" => timeout_seconds: Copied(Seconds<1, TIMEOUT_SECONDS>),
    "heartbeatTimeoutSeconds" => heartbeat_timeout_seconds: Copied(Seconds<5, SILENCE_SECONDS>),
    "stalledAfterSeconds" => stalled_after_seconds: Copied(Seconds<5, SILENCE_SECONDS>),
    "retentionSeconds" => retention_seconds: Copied(Seconds<60, RETENTION_SECONDS>),
    "controls" => controls: Copied(Controls),
    "queuePosition" => queue_position: Copied(Integer),
    "waiting" => waiting: Copied(Waiting),
    "endpointId" => endpoint_id: Copied(Text<NAME_BYTES>),
    "kind" => kind: Copied(Text<NAME_BYTES>),
    "priority" => priority: Copied(Text<NAME_BYTES>),
    "tags" => tags: Copied(Object),
    /// The webhooks of the job, in place of those before; `[]` removes all of them. No reader gets them.
    "webhooks" => webhooks: Sent(Webhooks),
    /// Lines to append to the log.
    "logs" => logs: Sent(LogLines),
    /// The producer's time: the time of each log line of this report that has none of its own. Default: the time of arrival.
    "at" => at: Sent(Timestamp),
    /// The attempt that the report belongs to. A report for another attempt than the job's current one is stale. Default: the current attempt.
    "attempt" => attempt: Sent(Integer),
    /// The name of the producer. Default: the empty string.
    "producer" => producer: Sent(Text<PRODUCER_BYTES>),
    /// Increases with each report of a producer. A report is stale if its `order` does not exceed the highest `order` of the accepted reports of its producer.
    "order" => order: Sent(Integer),
}

impl Report {
    /// Reads a report from JSON.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the field and the expected form.
    pub fn from_json(value: Value) -> Result<Report, Problem> {
        Report::read(value)?.within_line_limit()
    }

    /// Takes the fields of a report out of an object that may have other members.
    ///
    /// # Errors
    ///
    /// As [`Report::from_json`].
    pub fn take(fields: &mut Fields) -> Result<Report, Problem> {
        Report::read_and_cut(fields)?.within_line_limit()
    }

    /// Reads a report whose log lines are not counted yet.
    fn read(value: Value) -> Result<Report, Problem> {
        let mut fields = Fields::of(value, "")?;
        let report = Report::read_and_cut(&mut fields)?;
        fields.finish("a report")?;
        Ok(report)
    }

    fn read_and_cut(fields: &mut Fields) -> Result<Report, Problem> {
        let mut report = Report::read_fields(fields)?;
        if report.increment.is_some() && report.current.is_present() {
            let both = "and `current` exclude each other; send one of them";
            return Err(Problem::invalid("increment", both));
        }
        report.truncate();
        Ok(report)
    }

    /// The report as the only one of a request.
    fn within_line_limit(mut self) -> Result<Report, Problem> {
        limit_lines(std::slice::from_mut(&mut self)).map_err(|(_, problem)| problem)?;
        Ok(self)
    }

    /// Whether the report changes `current` or `total`.
    pub fn changes_counts(&self) -> bool {
        self.current.is_present() || self.total.is_present() || self.increment.is_some()
    }

    /// Whether the report shows that work was done, which starts a job that has not begun.
    pub fn shows_work(&self) -> bool {
        let begun = |steps: &Vec<Step>| steps.iter().any(|step| step.status != StepStatus::Pending);
        self.current.set().is_some()
            || self.increment.is_some()
            || self.progress.set().is_some()
            || self.steps.set().is_some_and(begun)
    }
}

/// Reads the reports of a JSON body: one object, or a list of them.
///
/// # Errors
///
/// `INVALID_REQUEST` for the first malformed report, whose position in the list is `details.index`.
pub fn from_body(value: Value) -> Result<Reports, Problem> {
    match value {
        Value::Array(items) => list(items),
        one => Report::from_json(one).map(|report| Reports::One(Box::new(report))),
    }
}

/// Reads NDJSON, one report per line (<https://github.com/ndjson/ndjson-spec>). Empty lines are ignored.
///
/// # Errors
///
/// As [`from_body`].
pub fn from_ndjson(bytes: &[u8]) -> Result<Reports, Problem> {
    let lines = json::without_byte_order_mark(bytes).split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.trim_ascii().is_empty());
    let mut values_left = REPORTS_VALUES;
    let read = |(index, line): (usize, &[u8])| {
        json::parse_next(line, &mut values_left).map_err(|problem| problem.with("index", index))
    };
    // One line past the limit is enough to refuse the body.
    list(lines.enumerate().take(REPORTS.saturating_add(1)).map(read).collect::<Result<_, _>>()?)
}

/// Reads the reports of an array or of NDJSON.
///
/// # Errors
///
/// As [`from_body`], and `INVALID_REQUEST` for an empty list and for more than [`REPORTS`].
pub fn list(items: Vec<Value>) -> Result<Reports, Problem> {
    if items.is_empty() {
        return Err(Problem::invalid("body", format_args!("has no report; send 1 to {REPORTS}")));
    }
    if items.len() > REPORTS {
        return Err(Problem::past_limit("body", REPORTS, "reports"));
    }
    let read = |(index, item)| Report::read(item).map_err(|problem| problem.with("index", index));
    let mut reports = items.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    limit_lines(&mut reports).map_err(|(index, problem)| problem.with("index", index))?;
    Ok(Reports::Many(reports))
}

/// The reports of one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Reports {
    /// A single report, which is answered alone.
    One(Box<Report>),
    /// A list of reports, which is answered item by item.
    Many(Vec<Report>),
}

impl IntoIterator for Reports {
    type Item = Report;
    type IntoIter = std::vec::IntoIter<Report>;

    /// The reports in order.
    fn into_iter(self) -> Self::IntoIter {
        match self {
            Reports::One(report) => vec![*report].into_iter(),
            Reports::Many(reports) => reports.into_iter(),
        }
    }
}
