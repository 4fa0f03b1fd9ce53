//! The forms of a report's fields. A form says how a value is read, how much of the document it may take up and which
//! schema it has in the OpenAPI document; the table in [`report`](crate::report) names the form of each field.
//!
//! The parts of a report that are objects or lists of objects (`steps`, `error`, …) are in
//! [`report::parts`](crate::report::parts).

use serde_json::Value;

use crate::{
    document, fields,
    number::Number,
    problem::Problem,
    status::{Status, Substate},
    time::Timestamp,
    truncation::Truncations,
    weight,
};

/// The form of a field.
pub trait Form {
    /// The Rust type of a value that has this form.
    type Value;

    /// The type whose schema the OpenAPI document shows. `null` is added to it where `null` clears the field.
    #[cfg(feature = "schema")]
    type Schema: schemars::JsonSchema;

    /// Reads the value of the field `name`.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the field and the expected form.
    fn read(value: Value, name: &str) -> Result<Self::Value, Problem>;

    /// Cuts the texts for people in the value of the field `name`. Other values have none.
    fn truncate(_: &mut Self::Value, _name: &str, _: &mut Truncations) {}

    /// The most bytes that [`free_form_bytes`](Form::free_form_bytes) can be for the value.
    fn weight(_: &Self::Value) -> usize {
        0
    }

    /// The bytes of the field `name` as JSON that count against [`DOCUMENT_BYTES`](crate::limits::DOCUMENT_BYTES): all of a
    /// free-form value, nothing of a value that has a limit of its own.
    fn free_form_bytes(_: &Self::Value, _name: &str) -> usize {
        0
    }
}

/// Declares forms of fixed size. `Form = Value, schema, reader;` or, where the form is the value's type, `Form, reader;`.
macro_rules! fixed_size {
    ($($(#[$attribute:meta])* $form:ty = $value:ty, $schema:ty, $read:expr;)*) => {
        $(
            $(#[$attribute])*
            impl Form for $form {
                type Value = $value;
                #[cfg(feature = "schema")]
                type Schema = $schema;

                fn read(value: Value, name: &str) -> Result<$value, Problem> {
                    $read(value, name)
                }
            }
        )*
    };
}

/// An integer from 0 to 2^53 − 1, which every JSON reader keeps exactly.
#[derive(Debug)]
pub struct Integer;

/// A number from 0 to 100.
#[derive(Debug)]
pub struct Percent;

fixed_size! {
    bool = bool, bool, fields::boolean;
    Number = Number, Number, fields::number;
    Integer = u64, Integer, fields::integer;
    Percent = Number, Percent, fields::percent;
    Timestamp = Timestamp, Timestamp, fields::time;
    Status = Status, Status, |value, name| fields::word(value, name, Status::ALL, Status::as_str);
    Substate = Substate, Substate, |value, name| fields::word(value, name, Substate::ALL, Substate::as_str);
}

/// A duration of `MIN` to `MAX` seconds, an integer.
#[derive(Debug)]
pub struct Seconds<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Form for Seconds<MIN, MAX> {
    type Value = u64;
    #[cfg(feature = "schema")]
    type Schema = Self;

    fn read(value: Value, name: &str) -> Result<u64, Problem> {
        fields::integer(value, name).ok().filter(|seconds| (MIN..=MAX).contains(seconds)).ok_or_else(|| {
            let range = format_args!("must be an integer from {MIN} to {MAX}, in seconds");
            Problem::invalid(name, range).with("limit", MAX)
        })
    }
}

/// A text of at most `BYTES` bytes of UTF-8.
#[derive(Debug)]
pub struct Text<const BYTES: usize>;

impl<const BYTES: usize> Form for Text<BYTES> {
    type Value = String;
    #[cfg(feature = "schema")]
    type Schema = Self;

    fn read(value: Value, name: &str) -> Result<String, Problem> {
        fields::string(value, name, BYTES)
    }
}

/// A text for people, which is cut after `BYTES` bytes of UTF-8.
#[derive(Debug)]
pub struct HumanText<const BYTES: usize>;

impl<const BYTES: usize> Form for HumanText<BYTES> {
    type Value = String;
    #[cfg(feature = "schema")]
    type Schema = Self;

    fn read(value: Value, name: &str) -> Result<String, Problem> {
        fields::text(value, name)
    }

    fn truncate(text: &mut String, name: &str, truncations: &mut Truncations) {
        truncations.cut(text, BYTES, || name.to_owned());
    }
}

/// A free-form object of at most [`OBJECT_KEYS`](crate::limits::OBJECT_KEYS) members.
#[derive(Debug)]
pub struct Object;

impl Form for Object {
    type Value = document::Object;
    #[cfg(feature = "schema")]
    type Schema = Self;

    fn read(value: Value, name: &str) -> Result<document::Object, Problem> {
        fields::object(value, name)
    }

    fn weight(object: &document::Object) -> usize {
        weight::member(weight::object(object))
    }

    fn free_form_bytes(object: &document::Object, name: &str) -> usize {
        weight::member_bytes(name, object)
    }
}

/// An object of at most [`OBJECT_KEYS`](crate::limits::OBJECT_KEYS) members, all of which are strings.
#[derive(Debug)]
pub struct Strings;

impl Form for Strings {
    type Value = document::Object;
    #[cfg(feature = "schema")]
    type Schema = Self;

    fn read(value: Value, name: &str) -> Result<document::Object, Problem> {
        fields::strings(value, name)
    }

    fn weight(object: &document::Object) -> usize {
        weight::member(weight::object(object))
    }

    fn free_form_bytes(object: &document::Object, name: &str) -> usize {
        weight::member_bytes(name, object)
    }
}

/// Any JSON value.
#[derive(Debug)]
pub struct AnyJson;

impl Form for AnyJson {
    type Value = Value;
    #[cfg(feature = "schema")]
    type Schema = Value;

    fn read(value: Value, _: &str) -> Result<Value, Problem> {
        Ok(value)
    }

    fn weight(value: &Value) -> usize {
        weight::member(weight::value(value))
    }

    fn free_form_bytes(value: &Value, name: &str) -> usize {
        weight::member_bytes(name, value)
    }
}

#[cfg(feature = "schema")]
mod schema {
    use super::{HumanText, Integer, Object, Percent, Seconds, Strings, Text};
    use crate::{limits::OBJECT_KEYS, number::MAX_SAFE_INTEGER, schema::inline_schema};

    inline_schema!(Integer, "Integer", { "type": "integer", "minimum": 0, "maximum": MAX_SAFE_INTEGER });
    inline_schema!(Percent, "Percent", { "type": "number", "minimum": 0, "maximum": 100 });
    inline_schema!(Object, "Object", { "type": "object", "additionalProperties": true, "maxProperties": OBJECT_KEYS });
    inline_schema!(Strings, "Strings", {
        "type": "object",
        "additionalProperties": { "type": "string" },
        "maxProperties": OBJECT_KEYS
    });
    inline_schema!(
        Seconds<MIN, MAX>,
        "Seconds",
        { "type": "integer", "minimum": MIN, "maximum": MAX },
        const MIN: u64, const MAX: u64
    );
    inline_schema!(Text<BYTES>, "Text", { "type": "string", "maxLength": BYTES }, const BYTES: usize);
    // `maxLength` would say that a longer text is refused.
    inline_schema!(HumanText<BYTES>, "HumanText", { "type": "string", "x-cutAfterBytes": BYTES }, const BYTES: usize);
}
