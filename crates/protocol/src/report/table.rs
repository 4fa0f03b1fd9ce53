//! The macro behind the table of a report's fields in [`report`](crate::report).

use crate::{fields::Fields, form::Form, patch::Patch, problem::Problem, truncation::Truncations};

/// How a field of a report relates to the document, and what `null` means in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The fold copies the value into the document's field of the same name; `null` clears that field.
    Copied,
    /// As [`Copied`](Role::Copied), but the fold computes the document's field from more than this value.
    Computed,
    /// An instruction, or a fact about the report itself. The document has no such field to clear, so `null` is refused.
    Sent,
}

/// A row of the table, for tests and documents that cover every field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name on the wire.
    pub name: &'static str,
    /// The form, as the table spells it: `Text<NAME_BYTES>`.
    pub form: &'static str,
    /// The relation to the document.
    pub role: Role,
}

/// Generates from the table of fields everything that has to cover each of them:
///
/// - `struct Report`, in which a `Copied` or `Computed` field is a `Patch` and a `Sent` one an `Option`;
/// - `Report::FIELDS`, the rows themselves;
/// - `Report::read_fields`, which takes each field out of a JSON object;
/// - `Report::truncate`, which cuts the texts for people;
/// - `Report::copy_to`, which carries the `Copied` fields over to the document (a field that the document lacks does not
///   compile);
/// - `Report::weight` and `Report::free_form_bytes_after`, the sums that the limit of the document's size relies on;
/// - the schema in the OpenAPI document.
///
/// A row is `"wire name" => rust_name: Role(Form),` with an optional doc comment. A `Copied` or `Computed` field needs none:
/// it means what the doc comment of the document's field says.
macro_rules! report_fields {
    ($($(#[doc = $doc:literal])* $name:literal => $field:ident: $role:ident($form:ty),)*) => {
        /// A report that was read and checked as far as that is possible without the job's document.
        ///
        /// Each field is documented by its form, which has the unit and the limits, and by the field of
        /// [`Document`](crate::Document) that has the same name.
        ///
        /// ```
        /// use protocol::Report;
        /// let report = Report::from_json(serde_json::json!({"current": 45, "total": 100})).unwrap();
        /// assert_eq!(report.current.set().map(|current| current.get()), Some(45.0));
        /// let problem = Report::from_json(serde_json::json!({"curent": 45})).unwrap_err();
        /// assert_eq!(problem.message(), "`curent` is not a field of a report; leave it out");
        /// ```
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Report {
            $(
                $(#[doc = $doc])*
                #[doc = concat!("\n\n`", $name, "`: `", stringify!($form), "`.")]
                pub $field: table::member_type!($role, $form),
            )*
            /// The paths of the texts that were cut.
            pub truncated: Vec<String>,
        }

        impl Report {
            /// Every field, in the order of PROTOCOL.md.
            pub const FIELDS: &'static [Field] = &[
                $(Field { name: $name, form: stringify!($form), role: Role::$role },)*
            ];

            fn read_fields(fields: &mut Fields) -> Result<Report, Problem> {
                Ok(Report { $($field: Member::<$form>::read(fields, $name)?,)* truncated: Vec::new() })
            }

            /// Cuts the texts for people.
            fn truncate(&mut self) {
                let mut truncations = Truncations::default();
                $(Member::<$form>::truncate(&mut self.$field, $name, &mut truncations);)*
                self.truncated = truncations.into_paths();
            }

            /// Applies the fields that the fold copies to the document's fields of the same names.
            pub(crate) fn copy_to(self, document: &mut Document) {
                $(table::copy_field!($role, self.$field, document.$field);)*
            }

            /// The most bytes that this report adds to the free-form fields of the document as JSON.
            pub fn weight(&self) -> usize {
                weight::sum([$(Member::<$form>::value(&self.$field).map_or(0, <$form>::weight),)*])
            }

            /// The bytes of the free-form fields as JSON that the document has after this report.
            pub fn free_form_bytes_after(&self, document: &Document) -> usize {
                weight::sum([$(table::bytes_after!($role, $form, $name, &self.$field, &document.$field),)*])
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for Report {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                "Report".into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut properties = serde_json::Map::new();
                $(
                    let mut schema = <table::member_type!($role, $form) as Member<$form>>::schema(generator);
                    table::describe(&mut schema, concat!($($doc),*));
                    properties.insert($name.to_owned(), schema.into());
                )*
                schemars::json_schema!({
                    "type": "object",
                    "description": "What a producer sends. Every member is optional; `{}` shows that the producer is alive. `increment` and `current` exclude each other.",
                    "properties": properties,
                    "additionalProperties": false,
                    "not": { "required": ["current", "increment"] },
                })
            }
        }
    };
}

/// The type of the member of `Report`.
macro_rules! member_type {
    (Sent, $form:ty) => { Option<<$form as Form>::Value> };
    ($patched:ident, $form:ty) => { Patch<<$form as Form>::Value> };
}

/// Applies the member to the document's field, if the fold copies it.
macro_rules! copy_field {
    (Copied, $patch:expr, $document:expr) => {
        $patch.apply(&mut $document)
    };
    ($other:ident, $patch:expr, $document:expr) => {};
}

/// The bytes of the document's field after the report that count as free-form. All such fields are copied.
macro_rules! bytes_after {
    (Copied, $form:ty, $name:literal, $patch:expr, $document:expr) => {
        match $patch {
            Patch::Keep => $document.as_ref(),
            Patch::Clear => None,
            Patch::Set(value) => Some(value),
        }
        .map_or(0, |value| <$form>::free_form_bytes(value, $name))
    };
    ($other:ident, $form:ty, $name:literal, $patch:expr, $document:expr) => {
        0
    };
}

pub(super) use {bytes_after, copy_field, member_type, report_fields};

/// A member of `Report` whose value has the form `F`.
pub(super) trait Member<F: Form>: Sized {
    fn read(fields: &mut Fields, name: &str) -> Result<Self, Problem>;

    fn value(&self) -> Option<&F::Value>;

    fn truncate(&mut self, name: &str, truncations: &mut Truncations);

    #[cfg(feature = "schema")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema;
}

/// `null` clears the field.
impl<F: Form> Member<F> for Patch<F::Value> {
    fn read(fields: &mut Fields, name: &str) -> Result<Self, Problem> {
        fields.patch(name, F::read)
    }

    fn value(&self) -> Option<&F::Value> {
        self.set()
    }

    fn truncate(&mut self, name: &str, truncations: &mut Truncations) {
        if let Patch::Set(value) = self {
            F::truncate(value, name, truncations);
        }
    }

    #[cfg(feature = "schema")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Option<F::Schema>>()
    }
}

/// `null` is refused.
impl<F: Form> Member<F> for Option<F::Value> {
    fn read(fields: &mut Fields, name: &str) -> Result<Self, Problem> {
        fields.never_null(name, F::read)
    }

    fn value(&self) -> Option<&F::Value> {
        self.as_ref()
    }

    fn truncate(&mut self, name: &str, truncations: &mut Truncations) {
        if let Some(value) = self {
            F::truncate(value, name, truncations);
        }
    }

    #[cfg(feature = "schema")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<F::Schema>()
    }
}

/// Gives a schema the doc comment of its row, if it has one.
#[cfg(feature = "schema")]
pub(super) fn describe(schema: &mut schemars::Schema, doc: &str) {
    if !doc.is_empty() {
        schema.insert("description".to_owned(), doc.trim().into());
    }
}
