//! The schemas that cannot be derived: types with a wire form of their own, and parts of a report that may be sent in
//! more than one form. They are only for the OpenAPI document.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{id::JobId, number::Number, time::Timestamp};

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

// The pattern says what the format does not: no moment before 1970 is taken.
inline_schema!(Timestamp, "Timestamp", {
    "type": "string",
    "format": "date-time",
    "pattern": "^(19[7-9][0-9]|[2-9][0-9]{3})-"
});

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
#[derive(Debug)]
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
