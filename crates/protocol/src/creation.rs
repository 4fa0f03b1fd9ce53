//! A creation: the body of `POST /v2/jobs`.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    document::Object,
    fields::{self, Fields},
    id::JobId,
    json,
    problem::Problem,
    report::Report,
};

/// The jobs under the same id that a creation replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// A job that has ended.
    Ended,
}

impl Replace {
    /// Every value.
    pub const ALL: [Replace; 1] = [Replace::Ended];

    /// The value as it is written in JSON and in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            Replace::Ended => "ended",
        }
    }
}

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
    /// Whether the creation replaces a job that has ended.
    pub replace: Option<Replace>,
    /// The id of the job to which this one belongs.
    pub parent_id: Option<JobId>,
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
        // PHP writes an empty map as `[]`; a creation is never a list.
        let is_empty_list = value.as_array().is_some_and(Vec::is_empty);
        let mut fields = Fields::of(if is_empty_list { Value::Object(Object::new()) } else { value }, "")?;
        let id = |value: Value, name: &str| {
            let id = value.as_str().and_then(JobId::parse);
            id.ok_or_else(|| Problem::invalid(name, format_args!("must be {}", JobId::FORM)))
        };
        let job_id = fields.optional("jobId", id)?;
        let parent_id = fields.optional("parentId", id)?;
        if parent_id.is_some() && parent_id == job_id {
            return Err(Problem::invalid("parentId", "must be the id of another job"));
        }
        let replace =
            fields.optional("replace", |value, name| fields::word(value, name, Replace::ALL, Replace::as_str))?;
        let report = Report::take(&mut fields)?;
        fields.finish("a creation")?;
        Ok(Creation { job_id, replace, parent_id, report })
    }
}

/// The ids in the body of a creation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// The id of the job; the server generates one if it is absent.
    pub job_id: Option<JobId>,
    /// The id of its parent.
    pub parent_id: Option<JobId>,
}

/// The ids in the body of a creation, without checking the rest: the edge needs only these, and the object parses the body.
///
/// ```
/// use protocol::creation::ids;
/// let found = ids(br#"{"kind": 7, "jobId": "import-42", "parentId": "nightly"}"#).unwrap();
/// assert_eq!(found.job_id.unwrap().as_str(), "import-42");
/// assert_eq!(found.parent_id.unwrap().as_str(), "nightly");
/// assert_eq!(ids(br#"{"kind": "import"}"#).unwrap().job_id, None);
/// assert!(ids(br#"{"jobId": "a", "jobId": "b"}"#).is_err());
/// ```
///
/// # Errors
///
/// `INVALID_REQUEST` if the body is not a JSON object, or one of the ids is repeated or not valid, or they are the same.
pub fn ids(body: &[u8]) -> Result<Ids, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        #[serde(default)]
        job_id: Option<String>,
        #[serde(default)]
        parent_id: Option<String>,
    }
    // serde would also read the list `["a"]` as a struct.
    let head: Option<Head> = serde_json::from_slice(body).ok().filter(|_| body.trim_ascii_start().starts_with(b"{"));
    // An id that is not valid is an error, an absent one is none.
    let parse = |text: Option<String>| text.map(|text| JobId::parse(&text).ok_or(())).transpose();
    if let Some(head) = head
        && let (Ok(job_id), Ok(parent_id)) = (parse(head.job_id), parse(head.parent_id))
        && (parent_id.is_none() || parent_id != job_id)
    {
        return Ok(Ids { job_id, parent_id });
    }
    // Something is wrong with an id or the whole body: the full parser says what.
    let Creation { job_id, parent_id, .. } = Creation::from_json(json::parse_body(body)?)?;
    Ok(Ids { job_id, parent_id })
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Creation {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Creation".into()
    }

    /// The schema of a report with three members more. It is not an `allOf` with a reference, because the schema of a report
    /// refuses unknown members.
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = Report::json_schema(generator);
        schema.insert("description".to_owned(), "A new job and its first report.".into());
        let job_id = generator.subschema_for::<Option<JobId>>();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("jobId".to_owned(), job_id.into());
            let replace = schemars::json_schema!({
                "enum": ["ended", null],
                "description": "`ended`: a job of this id that has ended is replaced by a new job with another epoch.",
            });
            properties.insert("replace".to_owned(), replace.into());
            let mut parent_id = generator.subschema_for::<Option<JobId>>();
            parent_id.insert("description".to_owned(), "The id of the job to which this one belongs.".into());
            properties.insert("parentId".to_owned(), parent_id.into());
            let first = schemars::json_schema!({
                "type": "integer",
                "const": 1,
                "description": "Must be 1, because a new job is at its first attempt.",
            });
            properties.insert("attempt".to_owned(), first.into());
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_field(body: &str) -> String {
        ids(body.as_bytes()).unwrap_err().details()["field"].as_str().unwrap().to_owned()
    }

    #[test]
    fn the_ids_are_read_as_the_full_parser_reads_them() {
        for body in [
            r#"{}"#,
            r#"[]"#,
            r#"{"jobId": null}"#,
            r#"{"jobId": "a", "tags": {"jobId": "b", "parentId": "c"}}"#,
            r#" {"job\u0049d": "\u0061", "parentId": "b"} "#,
            r#"{"parentId": null}"#,
            "\u{feff}{\"jobId\": \"a\"}",
        ] {
            let full = Creation::from_json(json::parse_body(body.as_bytes()).unwrap()).unwrap();
            let expected = Ids { job_id: full.job_id, parent_id: full.parent_id };
            assert_eq!(ids(body.as_bytes()), Ok(expected), "{body}");
        }
    }

    #[test]
    fn other_fields_are_not_checked() {
        assert_eq!(ids(br#"{"progress": "half", "unknown": 1}"#), Ok(Ids::default()));
    }

    #[test]
    fn a_body_whose_id_cannot_be_read_is_refused_as_the_full_parser_refuses_it() {
        for body in ["", r#"["a"]"#, r#""a""#, "{", r#"{"jobId": "a"}}"#] {
            assert_eq!(refused_field(body), "body", "{body}");
        }
        for body in [r#"{"jobId": 7}"#, r#"{"jobId": "a,b"}"#, r#"{"jobId": ""}"#, r#"{"jobId": "a", "jobId": "a"}"#] {
            assert_eq!(refused_field(body), "jobId", "{body}");
        }
        for body in [r#"{"jobId": "a", "parentId": "a"}"#, r#"{"parentId": "a b"}"#, r#"{"parentId": 7}"#] {
            assert_eq!(refused_field(body), "parentId", "{body}");
        }
    }
}
