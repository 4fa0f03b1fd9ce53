//! A creation: the body of `POST /v2/jobs`.

use serde_json::Value;

use crate::{fields::Fields, id::JobId, problem::Problem, report::Report};

/// A new job and its first report.
///
/// ```
/// use protocol::creation::Creation;
/// let creation = Creation::from_json(serde_json::json!({"jobId": "import-42", "kind": "import"})).unwrap();
/// assert_eq!(creation.job_id.unwrap().as_str(), "import-42");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Creation {
    /// The id of the job; the server generates one if it is absent.
    pub job_id: Option<JobId>,
    /// The first report.
    pub report: Report,
}

impl Creation {
    /// Reads a creation from JSON.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the field and the expected form.
    pub fn from_json(value: Value) -> Result<Creation, Problem> {
        let mut fields = Fields::of(value, "")?;
        let job_id = fields.optional("jobId", |value, name| {
            let id = value.as_str().and_then(JobId::parse_new);
            id.ok_or_else(|| Problem::invalid(name, format_args!("must be {}", JobId::FORM)))
        })?;
        let report = Report::take(&mut fields)?;
        fields.finish("a creation")?;
        Ok(Creation { job_id, report })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Creation {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Creation".into()
    }

    /// The schema of a report with one member more. It is not an `allOf` with a reference, because the schema of a report
    /// refuses unknown members.
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = Report::json_schema(generator);
        schema.insert("description".to_owned(), "A new job and its first report.".into());
        let job_id = generator.subschema_for::<Option<crate::schema::NewJobId>>();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("jobId".to_owned(), job_id.into());
            let first = schemars::json_schema!({
                "type": "integer",
                "const": 1,
                "description": "The attempt of a new job is 1.",
            });
            properties.insert("attempt".to_owned(), first.into());
        }
        schema
    }
}
