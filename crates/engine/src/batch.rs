//! A batch: the documents of several jobs in one response.

use protocol::{
    Problem,
    fields::{Fields, list, short},
    include::Include,
    limits::JOBS,
};
use serde_json::Value;

use crate::include;

/// The body of `POST /v2/jobs/status/batch`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["jobIds"])))]
pub struct BatchRequest {
    /// The jobs; an entry that is not a job id is reported in the errors.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = JOBS)))]
    #[cfg_attr(feature = "schema", schemars(inner(length(max = protocol::limits::NAME_BYTES))))]
    pub job_ids: Vec<String>,
    /// The parts to return in addition to the document.
    #[cfg_attr(feature = "schema", schemars(with = "Option<include::IncludeList>"))]
    pub include: Include,
}

impl BatchRequest {
    /// Reads a body: `jobIds`, 1 to [`JOBS`], and `include`.
    ///
    /// ```
    /// use engine::batch::BatchRequest;
    /// let request = BatchRequest::from_json(serde_json::json!({"jobIds": ["a", "b"], "include": ["logs"]})).unwrap();
    /// assert_eq!(request.job_ids, ["a", "b"]);
    /// assert!(request.include.logs());
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the field and what is expected of it.
    pub fn from_json(body: Value) -> Result<BatchRequest, Problem> {
        let mut fields = Fields::of(body, "")?;
        let job_ids = fields.required("jobIds", |value, name| list(value, name, JOBS, short))?;
        if job_ids.is_empty() {
            return Err(Problem::invalid("jobIds", format_args!("must name 1 to {JOBS} jobs")));
        }
        let include = fields.optional("include", include::from_body)?.unwrap_or_default();
        fields.finish("a batch request")?;
        Ok(BatchRequest { job_ids, include })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::limits::NAME_BYTES;
    use serde_json::json;

    #[test]
    fn a_body_is_read_whole_or_refused_by_the_name_of_its_field() {
        let least = BatchRequest::from_json(json!({ "jobIds": ["not a job id!"], "include": null })).unwrap();
        assert_eq!(least, BatchRequest { job_ids: vec!["not a job id!".to_owned()], include: Include::NONE });
        assert!(BatchRequest::from_json(json!({ "jobIds": vec!["a"; JOBS] })).is_ok());
        for (body, field) in [
            (json!([]), "body"),
            (json!({}), "jobIds"),
            (json!({ "jobIds": [] }), "jobIds"),
            (json!({ "jobIds": "a" }), "jobIds"),
            (json!({ "jobIds": vec!["a"; JOBS + 1] }), "jobIds"),
            (json!({ "jobIds": ["a", 1] }), "jobIds[1]"),
            (json!({ "jobIds": ["x".repeat(NAME_BYTES + 1)] }), "jobIds[0]"),
            (json!({ "jobIds": ["a"], "include": ["gpu"] }), "include"),
            (json!({ "jobIds": ["a"], "job_ids": ["a"] }), "job_ids"),
        ] {
            assert_eq!(BatchRequest::from_json(body.clone()).unwrap_err().details()["field"], field, "{body}");
        }
    }
}
