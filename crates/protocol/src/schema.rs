//! The schemas that cannot be derived: types with a wire form of their own, and parts of a report that may be sent in
//! more than one form. They are only for the OpenAPI document.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    id::JobId,
    limits::{LOG_LINE_BYTES, MESSAGE_BYTES, NAME_BYTES},
    number::{MAX_SAFE_INTEGER, Number},
    step::StepStatus,
    time::Timestamp,
};

/// Implements a schema that stands where it is used, under no name of its own.
macro_rules! inline_schema {
    ($type:ty, $name:literal, $schema:tt) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

inline_schema!(Number, "Number", { "type": "number", "minimum": 0 });

// The pattern says what the format does not: no moment before 1970 is taken.
inline_schema!(Timestamp, "Timestamp", {
    "type": "string",
    "format": "date-time",
    "pattern": "^(19[7-9][0-9]|[2-9][0-9]{3})-"
});

/// An integer that every JSON reader keeps exactly.
pub struct Integer;

inline_schema!(Integer, "Integer", { "type": "integer", "minimum": 0, "maximum": MAX_SAFE_INTEGER });

/// A number of percent.
pub struct Percent;

inline_schema!(Percent, "Percent", { "type": "number", "minimum": 0, "maximum": 100 });

impl JsonSchema for JobId {
    fn schema_name() -> Cow<'static, str> {
        "JobId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A job's id, or the two halves of a Tensorlake pair joined by `:`.",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}(:[A-Za-z0-9][A-Za-z0-9._~-]{0,127})?$"
        })
    }
}

/// The id of a job to be made.
pub struct NewJobId;

impl JsonSchema for NewJobId {
    fn schema_name() -> Cow<'static, str> {
        "NewJobId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "The id of a job to be made: what two ids are joined by, `:`, is not in it.",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$"
        })
    }
}

/// A step as a report may send it.
#[derive(JsonSchema)]
#[schemars(rename = "ReportedStep", deny_unknown_fields, extend("required" = ["id"]))]
#[allow(dead_code, reason = "only its schema is used")]
pub(crate) struct SentStep {
    /// The step's name for programs, unique in its list.
    #[schemars(length(max = NAME_BYTES))]
    id: String,
    /// The step's name for people; `id` when absent.
    #[schemars(length(max = NAME_BYTES))]
    label: Option<String>,
    /// Where it stands; `pending` when absent.
    status: Option<StepStatus>,
    /// How far it is, 0–100.
    #[schemars(with = "Option<Percent>")]
    progress: (),
    /// Its share of the whole against the other steps; 1 when absent.
    #[schemars(with = "Option<Number>")]
    weight: (),
}

/// A throughput as a report may send it.
#[derive(JsonSchema)]
#[schemars(rename = "ReportedThroughput", deny_unknown_fields, extend("required" = ["rate"]))]
#[allow(dead_code, reason = "only its schema is used")]
pub(crate) struct SentThroughput {
    /// Units a second.
    rate: Number,
    /// What is counted.
    #[schemars(length(max = NAME_BYTES))]
    unit: Option<String>,
}

/// A reason to wait as a report may send it.
#[derive(JsonSchema)]
#[schemars(rename = "ReportedWaiting", deny_unknown_fields, extend("required" = ["reason"]))]
#[allow(dead_code, reason = "only its schema is used")]
pub(crate) struct SentWaiting {
    /// The reason, for people.
    #[schemars(length(max = MESSAGE_BYTES))]
    reason: String,
    /// When the wait ends, if that is known.
    #[schemars(with = "Option<Timestamp>")]
    until: (),
}

/// An error as a report may send it: a text, or an object.
#[derive(JsonSchema)]
#[schemars(rename = "ReportedError", untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(crate) enum SentError {
    Text(#[schemars(length(max = MESSAGE_BYTES))] String),
    #[schemars(extend("additionalProperties" = false, "required" = ["message"]))]
    Whole {
        /// The reason, for programs; `FAILED` when absent.
        #[schemars(length(max = NAME_BYTES))]
        code: Option<String>,
        /// The reason, for people.
        #[schemars(length(max = MESSAGE_BYTES))]
        message: String,
        /// More about it.
        details: serde_json::Value,
    },
}

/// A log line as a report may send it: a text, or an object.
#[derive(JsonSchema)]
#[schemars(rename = "ReportedLogLine", untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(crate) enum SentLine {
    Text(#[schemars(length(max = LOG_LINE_BYTES))] String),
    #[schemars(extend("additionalProperties" = false, "required" = ["message"]))]
    Whole {
        /// When it was written; the report's `at`, else the time of arrival when absent.
        #[schemars(with = "Option<Timestamp>")]
        at: (),
        /// How grave it is, in the producer's words.
        #[schemars(length(max = NAME_BYTES))]
        level: Option<String>,
        /// The text.
        #[schemars(length(max = LOG_LINE_BYTES))]
        message: String,
    },
}
