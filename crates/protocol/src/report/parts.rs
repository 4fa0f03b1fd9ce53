//! The parts of a report that are objects or lists of objects: for each one how it is read, its weight and its schema.

use serde_json::Value;

use crate::{
    document::{JobError, Throughput, Waiting},
    fields::{self, Fields},
    form::Form,
    limits::{ERROR_BYTES, LOG_LINE_BYTES, MESSAGE_BYTES, STEPS},
    problem::Problem,
    size::json_bytes,
    step::{Step, StepStatus},
    time::Timestamp,
    truncation::Truncations,
    weight::{self, NAME, SCALAR},
};

/// The code of an error that was sent as a text.
pub const FAILED: &str = "FAILED";

/// A list of at most [`STEPS`] steps, each with an `id` of its own.
#[derive(Debug)]
pub struct Steps;

impl Form for Steps {
    type Value = Vec<Step>;
    #[cfg(feature = "schema")]
    type Schema = Self;

    fn read(value: Value, name: &str) -> Result<Vec<Step>, Problem> {
        let steps = fields::list(value, name, STEPS, step)?;
        let mut ids = std::collections::HashSet::new();
        match steps.iter().position(|step| !ids.insert(step.id.as_str())) {
            None => Ok(steps),
            Some(index) => Err(Problem::invalid(&format!("{name}[{index}].id"), "is the id of an earlier step")),
        }
    }

    fn weight(steps: &Vec<Step>) -> usize {
        const MEMBERS: usize = 5 * NAME + 3 * SCALAR;
        let one = |step: &Step| weight::sum([MEMBERS, weight::string(&step.id), weight::string(&step.label)]);
        weight::member(weight::sum(steps.iter().map(one)))
    }

    fn free_form_bytes(steps: &Vec<Step>, name: &str) -> usize {
        weight::member_bytes(name, steps)
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

impl Form for Throughput {
    type Value = Throughput;
    #[cfg(feature = "schema")]
    type Schema = schema::ReportedThroughput;

    fn read(value: Value, name: &str) -> Result<Throughput, Problem> {
        let mut fields = Fields::of(value, name)?;
        let rate = fields.required("rate", fields::number)?;
        let throughput = Throughput { rate, unit: fields.optional("unit", fields::short)? };
        fields.finish("`throughput`")?;
        Ok(throughput)
    }
}

impl Form for Waiting {
    type Value = Waiting;
    #[cfg(feature = "schema")]
    type Schema = schema::ReportedWaiting;

    fn read(value: Value, name: &str) -> Result<Waiting, Problem> {
        let mut fields = Fields::of(value, name)?;
        let reason = fields.required("reason", fields::text)?;
        let waiting = Waiting { reason, until: fields.optional("until", fields::time)? };
        fields.finish("`waiting`")?;
        Ok(waiting)
    }

    fn truncate(waiting: &mut Waiting, name: &str, truncations: &mut Truncations) {
        truncations.cut(&mut waiting.reason, MESSAGE_BYTES, || format!("{name}.reason"));
    }
}

impl Form for JobError {
    type Value = JobError;
    #[cfg(feature = "schema")]
    type Schema = schema::ReportedError;

    fn read(value: Value, name: &str) -> Result<JobError, Problem> {
        if value.is_string() {
            let message = fields::text(value, name)?;
            return Ok(JobError { code: FAILED.to_owned(), message, details: None });
        }
        let mut fields = text_or_object(value, name)?;
        let error = JobError {
            code: fields.optional("code", fields::short)?.unwrap_or_else(|| FAILED.to_owned()),
            message: fields.required("message", fields::text)?,
            details: fields.optional("details", |value, _| Ok(value))?,
        };
        fields.finish("`error`")?;
        Ok(error)
    }

    /// The path is the one in the document, where an error that was sent as a text has a `message` too.
    fn truncate(error: &mut JobError, name: &str, truncations: &mut Truncations) {
        truncations.cut(&mut error.message, MESSAGE_BYTES, || format!("{name}.message"));
    }

    fn weight(error: &JobError) -> usize {
        error.details.as_ref().map_or(0, weight::value)
    }

    /// The details that one report can have fit into any document, so that a job can always fail.
    fn free_form_bytes(error: &JobError, _: &str) -> usize {
        error.details.as_ref().map_or(0, json_bytes).saturating_sub(ERROR_BYTES)
    }
}

/// A log line in a report, which has no number yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLine {
    /// The time of the line, if the producer sent one.
    pub at: Option<Timestamp>,
    /// The severity, a text that the producer chooses.
    pub level: Option<String>,
    /// The text.
    pub message: String,
}

/// A list of log lines, which are counted over the whole request.
#[derive(Debug)]
pub struct LogLines;

impl Form for LogLines {
    type Value = Vec<NewLine>;
    #[cfg(feature = "schema")]
    type Schema = Vec<schema::ReportedLogLine>;

    fn read(value: Value, name: &str) -> Result<Vec<NewLine>, Problem> {
        fields::list(value, name, usize::MAX, log_line)
    }

    fn truncate(lines: &mut Vec<NewLine>, name: &str, truncations: &mut Truncations) {
        for (index, line) in lines.iter_mut().enumerate() {
            truncations.cut(&mut line.message, LOG_LINE_BYTES, || format!("{name}[{index}].message"));
        }
    }
}

fn log_line(value: Value, name: &str) -> Result<NewLine, Problem> {
    if value.is_string() {
        return Ok(NewLine { at: None, level: None, message: fields::text(value, name)? });
    }
    let mut fields = text_or_object(value, name)?;
    let line = NewLine {
        at: fields.optional("at", fields::time)?,
        level: fields.optional("level", fields::short)?,
        message: fields.required("message", fields::text)?,
    };
    fields.finish("a log line")?;
    Ok(line)
}

/// The members of an object where a string would have been right too.
fn text_or_object(value: Value, name: &str) -> Result<Fields, Problem> {
    Fields::of(value, name).map_err(|_| Problem::invalid(name, "must be a string or an object with `message`"))
}

/// The schemas of the parts as a report may send them; the document shows them complete.
#[cfg(feature = "schema")]
#[allow(dead_code, reason = "only the schemas of these types are used")]
mod schema {
    use schemars::JsonSchema;

    use super::{LOG_LINE_BYTES, STEPS, StepStatus, Steps, Timestamp, Value};
    use crate::{
        form::{HumanText, Percent},
        limits::{MESSAGE_BYTES, NAME_BYTES},
        number::Number,
    };

    impl JsonSchema for Steps {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Steps".into()
        }

        fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!({
                "type": "array",
                "items": generator.subschema_for::<ReportedStep>(),
                "maxItems": STEPS,
                "uniqueItems": true,
            })
        }
    }

    /// A step as a report may send it.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields, extend("required" = ["id"]))]
    pub(super) struct ReportedStep {
        /// The machine-readable name of the step, unique in its list.
        #[schemars(length(max = NAME_BYTES))]
        id: String,
        /// The human-readable name of the step. Default: `id`.
        #[schemars(length(max = NAME_BYTES))]
        label: Option<String>,
        /// The state of the step. Default: `pending`.
        status: Option<StepStatus>,
        /// Percent done.
        #[schemars(with = "Option<Percent>")]
        progress: (),
        /// The weight of the step in the mean of all steps. Default: 1.
        #[schemars(with = "Option<Number>")]
        weight: (),
    }

    /// A throughput as a report may send it.
    #[derive(Debug, JsonSchema)]
    #[schemars(deny_unknown_fields, extend("required" = ["rate"]))]
    pub struct ReportedThroughput {
        /// Units per second.
        rate: Number,
        /// What is counted.
        #[schemars(length(max = NAME_BYTES))]
        unit: Option<String>,
    }

    /// A reason to wait as a report may send it.
    #[derive(Debug, JsonSchema)]
    #[schemars(deny_unknown_fields, extend("required" = ["reason"]))]
    pub struct ReportedWaiting {
        /// The human-readable reason.
        #[schemars(with = "HumanText<MESSAGE_BYTES>")]
        reason: (),
        /// When the wait ends, if that is known.
        #[schemars(with = "Option<Timestamp>")]
        until: (),
    }

    /// An error as a report may send it: a text, or an object.
    #[derive(Debug, JsonSchema)]
    #[schemars(untagged)]
    pub enum ReportedError {
        Text(#[schemars(with = "HumanText<MESSAGE_BYTES>")] ()),
        #[schemars(extend("additionalProperties" = false, "required" = ["message"]))]
        Whole {
            /// The machine-readable reason. Default: `FAILED`.
            #[schemars(length(max = NAME_BYTES))]
            code: Option<String>,
            /// The human-readable reason.
            #[schemars(with = "HumanText<MESSAGE_BYTES>")]
            message: (),
            /// Further details of the error.
            details: Value,
        },
    }

    /// A log line as a report may send it: a text, or an object.
    #[derive(Debug, JsonSchema)]
    #[schemars(untagged)]
    pub enum ReportedLogLine {
        Text(#[schemars(with = "HumanText<LOG_LINE_BYTES>")] ()),
        #[schemars(extend("additionalProperties" = false, "required" = ["message"]))]
        Whole {
            /// The time of the line. Default: the report's `at`, else the time of arrival.
            #[schemars(with = "Option<Timestamp>")]
            at: (),
            /// The severity, a text that the producer chooses.
            #[schemars(length(max = NAME_BYTES))]
            level: Option<String>,
            /// The text.
            #[schemars(with = "HumanText<LOG_LINE_BYTES>")]
            message: (),
        },
    }
}
