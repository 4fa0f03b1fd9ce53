//! Schemas of types with a wire form of their own, which cannot be derived. They are for the OpenAPI document only.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{id::JobId, limits::JOB_ID_CHARS, number::Number, time::Timestamp};

/// Implements a schema that is written out at each use, instead of a reference to a named component. Generic parameters
/// of the type come last.
macro_rules! inline_schema {
    ($type:ty, $name:literal, $schema:tt $(, $($generics:tt)+)?) => {
        impl$(<$($generics)+>)? schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}
pub(crate) use inline_schema;

inline_schema!(Number, "Number", { "type": "number", "minimum": 0 });

// The pattern adds a rule to the format: times before 1970 are refused.
inline_schema!(Timestamp, "Timestamp", {
    "type": "string",
    "format": "date-time",
    "pattern": "^(19[7-9][0-9]|[2-9][0-9]{3})-"
});

/// The form of ids made of these characters, of which `.` is one: neither `.` nor `..`.
fn id_pattern(characters: &str) -> String {
    format!(r"^(\.{{0,2}}[{characters}]|\.{{3}})[.{characters}]*$")
}

impl JsonSchema for JobId {
    fn schema_name() -> Cow<'static, str> {
        "JobId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A job's id. In a URL it is percent-encoded: many programs read `+` in a query as a space.",
            "pattern": id_pattern("A-Za-z0-9_~:@+=-"),
            "maxLength": JOB_ID_CHARS,
        })
    }
}

/// One of the two ids of a pair of the Tensorlake path.
#[derive(Debug)]
pub struct PairId;

impl JsonSchema for PairId {
    fn schema_name() -> Cow<'static, str> {
        "PairId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An id without `:`, which joins the two ids of a pair to the id of the job.",
            "pattern": id_pattern("A-Za-z0-9_~@+=-"),
            "maxLength": JOB_ID_CHARS,
        })
    }
}
