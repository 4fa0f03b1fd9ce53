//! A report: what a producer sends.

use serde_json::Value;

use crate::{
    document::{JobError, Object, Throughput, Waiting},
    fields::{self, Fields},
    json,
    limits::{LOG_LINE_BYTES, PRODUCER_BYTES, REPORTS, STEPS},
    number::Number,
    patch::Patch,
    problem::Problem,
    status::{Status, Substate},
    step::{Step, StepStatus},
    time::Timestamp,
};

/// A report, read and checked as far as it can be without the job.
///
/// ```
/// use protocol::Report;
/// let report = Report::from_json(serde_json::json!({"current": 45, "total": 100})).unwrap();
/// assert_eq!(report.current.set().map(|current| current.get()), Some(45.0));
/// let problem = Report::from_json(serde_json::json!({"curent": 45})).unwrap_err();
/// assert_eq!(problem.message(), "`curent` is not a field of a report; leave it out");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schema", schemars(transform = nothing_required))]
#[cfg_attr(feature = "schema", schemars(extend("not" = { "required": ["current", "increment"] })))]
#[allow(missing_docs)] // Every field is the document's field of the same name.
pub struct Report {
    #[cfg_attr(feature = "schema", schemars(with = "Status"))]
    pub status: Option<Status>,
    pub substate: Patch<Substate>,
    pub current: Patch<Number>,
    pub total: Patch<Number>,
    /// Adds to `current`.
    #[cfg_attr(feature = "schema", schemars(with = "Number"))]
    pub increment: Option<Number>,
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::NAME_BYTES)))]
    pub unit: Patch<String>,
    #[cfg_attr(feature = "schema", schemars(with = "Patch<crate::schema::Percent>"))]
    pub progress: Patch<Number>,
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MESSAGE_BYTES)))]
    pub message: Patch<String>,
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::NAME_BYTES)))]
    pub current_step: Patch<String>,
    #[cfg_attr(feature = "schema", schemars(with = "Patch<Vec<crate::schema::SentStep>>", length(max = STEPS)))]
    #[cfg_attr(feature = "schema", schemars(extend("uniqueItems" = true)))]
    pub steps: Patch<Vec<Step>>,
    #[cfg_attr(feature = "schema", schemars(with = "Patch<std::collections::BTreeMap<String, String>>"))]
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = crate::limits::OBJECT_KEYS)))]
    pub attributes: Patch<Object>,
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = crate::limits::OBJECT_KEYS)))]
    pub metadata: Patch<Object>,
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = crate::limits::OBJECT_KEYS)))]
    pub resources: Patch<Object>,
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = crate::limits::OBJECT_KEYS)))]
    pub metrics: Patch<Object>,
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = crate::limits::OBJECT_KEYS)))]
    pub execution: Patch<Object>,
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = crate::limits::OBJECT_KEYS)))]
    pub cold_start: Patch<Object>,
    #[cfg_attr(feature = "schema", schemars(with = "Patch<crate::schema::SentThroughput>"))]
    pub throughput: Patch<Throughput>,
    pub estimated_completion: Patch<Timestamp>,
    pub output: Patch<Value>,
    pub result: Patch<Value>,
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = crate::limits::OBJECT_KEYS)))]
    pub final_metrics: Patch<Object>,
    #[cfg_attr(feature = "schema", schemars(with = "Patch<crate::schema::SentError>"))]
    pub error: Patch<JobError>,
    pub partial_results: Patch<Value>,
    pub retryable: Patch<bool>,
    #[cfg_attr(feature = "schema", schemars(with = "Patch<crate::schema::Integer>"))]
    pub retry_count: Patch<u64>,
    pub next_retry_at: Patch<Timestamp>,
    #[cfg_attr(feature = "schema", schemars(with = "Patch<crate::schema::Integer>"))]
    pub queue_position: Patch<u64>,
    #[cfg_attr(feature = "schema", schemars(with = "Patch<crate::schema::SentWaiting>"))]
    pub waiting: Patch<Waiting>,
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::NAME_BYTES)))]
    pub endpoint_id: Patch<String>,
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::NAME_BYTES)))]
    pub kind: Patch<String>,
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::NAME_BYTES)))]
    pub priority: Patch<String>,
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = crate::limits::OBJECT_KEYS)))]
    pub tags: Patch<Object>,
    /// Lines to add to the log.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<crate::schema::SentLine>"))]
    pub logs: Vec<NewLine>,
    /// The producer's time, which its log lines bear.
    #[cfg_attr(feature = "schema", schemars(with = "Timestamp"))]
    pub at: Option<Timestamp>,
    /// The attempt it speaks of; another than the current one makes it stale.
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Integer"))]
    pub attempt: Option<u64>,
    /// Who speaks; the empty name is one producer too.
    #[cfg_attr(feature = "schema", schemars(length(max = PRODUCER_BYTES)))]
    pub producer: String,
    /// Rises with each report of a producer; one that does not is stale.
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Integer"))]
    pub order: Option<u64>,
}

/// Every member of a report may be absent.
#[cfg(feature = "schema")]
fn nothing_required(schema: &mut schemars::Schema) {
    schema.remove("required");
}

/// A log line as sent, not numbered yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLine {
    /// When it was written, if the producer says so.
    pub at: Option<Timestamp>,
    /// How grave it is.
    pub level: Option<String>,
    /// The text.
    pub message: String,
}

impl Report {
    /// The members a report may have, in the order of PROTOCOL.md.
    pub const FIELDS: [&'static str; 37] = [
        "status",
        "substate",
        "current",
        "total",
        "increment",
        "unit",
        "progress",
        "message",
        "currentStep",
        "steps",
        "attributes",
        "metadata",
        "resources",
        "metrics",
        "execution",
        "coldStart",
        "throughput",
        "estimatedCompletion",
        "output",
        "result",
        "finalMetrics",
        "error",
        "partialResults",
        "retryable",
        "retryCount",
        "nextRetryAt",
        "queuePosition",
        "waiting",
        "endpointId",
        "kind",
        "priority",
        "tags",
        "logs",
        "at",
        "attempt",
        "producer",
        "order",
    ];

    /// Reads a report.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the field and what is expected of it.
    pub fn from_json(value: Value) -> Result<Report, Problem> {
        let mut fields = Fields::of(value, "")?;
        let report = Report::take(&mut fields)?;
        fields.finish("a report")?;
        Ok(report)
    }

    /// Takes the report's fields out of an object that may hold others too.
    ///
    /// # Errors
    ///
    /// As [`Report::from_json`].
    pub fn take(fields: &mut Fields) -> Result<Report, Problem> {
        let report = Report {
            status: fields.never_null("status", |v, n| fields::word(v, n, Status::ALL, Status::as_str))?,
            substate: fields.patch("substate", |v, n| fields::word(v, n, Substate::ALL, Substate::as_str))?,
            current: fields.patch("current", fields::number)?,
            total: fields.patch("total", fields::number)?,
            increment: fields.never_null("increment", fields::number)?,
            unit: fields.patch("unit", fields::short)?,
            progress: fields.patch("progress", fields::percent)?,
            message: fields.patch("message", fields::message)?,
            current_step: fields.patch("currentStep", fields::short)?,
            steps: fields.patch("steps", steps)?,
            attributes: fields.patch("attributes", fields::strings)?,
            metadata: fields.patch("metadata", fields::object)?,
            resources: fields.patch("resources", fields::object)?,
            metrics: fields.patch("metrics", fields::object)?,
            execution: fields.patch("execution", fields::object)?,
            cold_start: fields.patch("coldStart", fields::object)?,
            throughput: fields.patch("throughput", throughput)?,
            estimated_completion: fields.patch("estimatedCompletion", fields::time)?,
            output: fields.patch("output", any)?,
            result: fields.patch("result", any)?,
            final_metrics: fields.patch("finalMetrics", fields::object)?,
            error: fields.patch("error", error)?,
            partial_results: fields.patch("partialResults", any)?,
            retryable: fields.patch("retryable", fields::boolean)?,
            retry_count: fields.patch("retryCount", fields::integer)?,
            next_retry_at: fields.patch("nextRetryAt", fields::time)?,
            queue_position: fields.patch("queuePosition", fields::integer)?,
            waiting: fields.patch("waiting", waiting)?,
            endpoint_id: fields.patch("endpointId", fields::short)?,
            kind: fields.patch("kind", fields::short)?,
            priority: fields.patch("priority", fields::short)?,
            tags: fields.patch("tags", fields::object)?,
            // A whole body of lines fits its byte limit; the list needs no limit of its own.
            logs: fields.never_null("logs", |v, n| fields::list(v, n, usize::MAX, log_line))?.unwrap_or_default(),
            at: fields.never_null("at", fields::time)?,
            attempt: fields.never_null("attempt", fields::integer)?,
            producer: fields.never_null("producer", |v, n| fields::string(v, n, PRODUCER_BYTES))?.unwrap_or_default(),
            order: fields.never_null("order", fields::integer)?,
        };
        if report.increment.is_some() && report.current.is_present() {
            let both = "and `current` exclude each other: send the sum or the difference";
            return Err(Problem::invalid("increment", both));
        }
        Ok(report)
    }

    /// Whether it says anything of `current` or `total`.
    pub fn says_counts(&self) -> bool {
        self.current.is_present() || self.total.is_present() || self.increment.is_some()
    }

    /// Whether it tells of work done, which starts a job that waits.
    pub fn tells_of_work(&self) -> bool {
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
/// `INVALID_REQUEST` for the first bad report, whose place in the list is `details.index`.
pub fn from_body(value: Value) -> Result<Reports, Problem> {
    match value {
        Value::Array(items) => list(items),
        one => Report::from_json(one).map(|report| Reports::One(Box::new(report))),
    }
}

/// Reads NDJSON, one report a line (<https://github.com/ndjson/ndjson-spec>); empty lines do not count.
///
/// # Errors
///
/// As [`from_body`].
pub fn from_ndjson(bytes: &[u8]) -> Result<Reports, Problem> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let read = |(index, line): (usize, &[u8])| json::parse(line).map_err(|problem| problem.with("index", index));
    // One line past the limit is enough to know.
    list(lines.enumerate().take(REPORTS.saturating_add(1)).map(read).collect::<Result<_, _>>()?)
}

/// Reads a list of reports, as an array or NDJSON holds them.
///
/// # Errors
///
/// As [`from_body`]; an empty list and one of more than [`REPORTS`] are refused too.
pub fn list(items: Vec<Value>) -> Result<Reports, Problem> {
    if items.is_empty() {
        return Err(Problem::invalid("body", "holds no report; send 1 to 500"));
    }
    if items.len() > REPORTS {
        return Err(Problem::past_limit("body", REPORTS, "reports"));
    }
    let read = |(index, item)| Report::from_json(item).map_err(|problem| problem.with("index", index));
    items.into_iter().enumerate().map(read).collect::<Result<_, _>>().map(Reports::Many)
}

/// The reports of one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Reports {
    /// One, answered by itself.
    One(Box<Report>),
    /// A list, answered item by item.
    Many(Vec<Report>),
}

impl IntoIterator for Reports {
    type Item = Report;
    type IntoIter = std::vec::IntoIter<Report>;

    /// The reports, in order.
    fn into_iter(self) -> Self::IntoIter {
        match self {
            Reports::One(report) => vec![*report].into_iter(),
            Reports::Many(reports) => reports.into_iter(),
        }
    }
}

fn any(value: Value, _: &str) -> Result<Value, Problem> {
    Ok(value)
}

fn steps(value: Value, name: &str) -> Result<Vec<Step>, Problem> {
    let steps = fields::list(value, name, STEPS, step)?;
    let mut ids = std::collections::HashSet::new();
    match steps.iter().position(|step| !ids.insert(step.id.as_str())) {
        None => Ok(steps),
        Some(index) => Err(Problem::invalid(&format!("{name}[{index}].id"), "is the id of an earlier step")),
    }
}

fn step(value: Value, name: &str) -> Result<Step, Problem> {
    let mut fields = Fields::of(value, name)?;
    let id = fields.required("id", fields::short)?;
    let step = Step {
        label: fields.optional("label", fields::short)?.unwrap_or_else(|| id.clone()),
        status: fields
            .optional("status", |v, n| fields::word(v, n, StepStatus::ALL, StepStatus::as_str))?
            .unwrap_or(StepStatus::Pending),
        progress: fields.optional("progress", fields::percent)?,
        weight: fields.optional("weight", fields::number)?,
        id,
    };
    fields.finish("a step")?;
    Ok(step)
}

fn throughput(value: Value, name: &str) -> Result<Throughput, Problem> {
    let mut fields = Fields::of(value, name)?;
    let throughput =
        Throughput { rate: fields.required("rate", fields::number)?, unit: fields.optional("unit", fields::short)? };
    fields.finish("`throughput`")?;
    Ok(throughput)
}

fn waiting(value: Value, name: &str) -> Result<Waiting, Problem> {
    let mut fields = Fields::of(value, name)?;
    let waiting =
        Waiting { reason: fields.required("reason", fields::message)?, until: fields.optional("until", fields::time)? };
    fields.finish("`waiting`")?;
    Ok(waiting)
}

/// The code of an error that was sent as a text.
pub const FAILED: &str = "FAILED";

fn error(value: Value, name: &str) -> Result<JobError, Problem> {
    if value.is_string() {
        let message = fields::message(value, name)?;
        return Ok(JobError { code: FAILED.to_owned(), message, details: None });
    }
    let mut fields =
        Fields::of(value, name).map_err(|_| Problem::invalid(name, "must be a string or an object with `message`"))?;
    let error = JobError {
        code: fields.optional("code", fields::short)?.unwrap_or_else(|| FAILED.to_owned()),
        message: fields.required("message", fields::message)?,
        details: fields.optional("details", any)?,
    };
    fields.finish("`error`")?;
    Ok(error)
}

fn log_line(value: Value, name: &str) -> Result<NewLine, Problem> {
    let text = |value, name: &str| fields::string(value, name, LOG_LINE_BYTES);
    if value.is_string() {
        return Ok(NewLine { at: None, level: None, message: text(value, name)? });
    }
    let mut fields =
        Fields::of(value, name).map_err(|_| Problem::invalid(name, "must be a string or an object with `message`"))?;
    let line = NewLine {
        at: fields.optional("at", fields::time)?,
        level: fields.optional("level", fields::short)?,
        message: fields.required("message", text)?,
    };
    fields.finish("a log line")?;
    Ok(line)
}
