//! A batch: the documents of several jobs in one response.

use std::collections::HashSet;

use protocol::{
    Problem,
    fields::{Fields, list, short},
    include::Include,
    limits::{BATCH_BYTES, JOBS},
    problem::Code,
};
use serde_json::Value;

use crate::include;

/// The body of `POST /v2/jobs/status/batch`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["jobIds"])))]
pub struct BatchRequest {
    /// The jobs; an entry that is not a job id is reported in the errors. A repeated id counts once.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = JOBS)))]
    #[cfg_attr(feature = "schema", schemars(inner(length(max = protocol::limits::NAME_BYTES))))]
    pub job_ids: Vec<String>,
    /// The parts to return in addition to the document.
    #[cfg_attr(feature = "schema", schemars(with = "Option<include::IncludeList>"))]
    pub include: Include,
}

impl BatchRequest {
    /// Reads a body: `jobIds`, 1 to [`JOBS`], and `include`. The ids are distinct afterwards, in the order of their first
    /// mention.
    ///
    /// ```
    /// use engine::batch::BatchRequest;
    /// let body = serde_json::json!({"jobIds": ["a", "b", "a"], "include": ["logs"]});
    /// let request = BatchRequest::from_json(body).unwrap();
    /// assert_eq!(request.job_ids, ["a", "b"]);
    /// assert!(request.include.logs());
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the field and what is expected of it.
    pub fn from_json(body: Value) -> Result<BatchRequest, Problem> {
        let mut fields = Fields::of(body, "")?;
        let mut job_ids = fields.required("jobIds", |value, name| list(value, name, JOBS, short))?;
        if job_ids.is_empty() {
            return Err(Problem::invalid("jobIds", format_args!("must name 1 to {JOBS} jobs")));
        }
        let include = fields.optional("include", include::from_body)?.unwrap_or_default();
        fields.finish("a batch request")?;
        let mut seen = HashSet::new();
        job_ids.retain(|id| seen.insert(id.clone()));
        Ok(BatchRequest { job_ids, include })
    }
}

/// The response to a batch while the replies of the objects arrive, in any order.
///
/// It keeps at most [`BATCH_BYTES`] of documents; a document that does not fit any more becomes an error of its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchResponse {
    job_ids: Vec<String>,
    /// One per job: a document as JSON, a problem as JSON, or nothing yet.
    results: Vec<Option<Result<String, String>>>,
    /// The bytes of the documents.
    bytes: usize,
}

impl BatchResponse {
    /// The response for these jobs, without a result yet.
    pub fn new(job_ids: Vec<String>) -> BatchResponse {
        let results = job_ids.iter().map(|_| None).collect();
        BatchResponse { job_ids, results, bytes: 0 }
    }

    /// The ids of the jobs.
    pub fn job_ids(&self) -> &[String] {
        &self.job_ids
    }

    /// Adds the document of the job at `index`, as JSON.
    pub fn add_document(&mut self, index: usize, document: String) {
        let bytes = self.bytes.saturating_add(document.len());
        if bytes > BATCH_BYTES {
            return self.add_problem(index, &does_not_fit());
        }
        self.bytes = bytes;
        self.set(index, Ok(document));
    }

    /// Adds the problem of the job at `index`.
    pub fn add_problem(&mut self, index: usize, problem: &Problem) {
        // A problem always serializes.
        self.add_problem_json(index, serde_json::to_string(problem).unwrap_or_default());
    }

    /// Adds the problem of the job at `index`, as the JSON object that the object of the job replied.
    pub fn add_problem_json(&mut self, index: usize, problem: String) {
        self.set(index, Err(problem));
    }

    fn set(&mut self, index: usize, result: Result<String, String>) {
        if let Some(slot) = self.results.get_mut(index) {
            *slot = Some(result);
        }
    }

    /// The body of the response: the documents and the problems, each in the order of the request.
    ///
    /// ```
    /// use engine::batch::BatchResponse;
    /// let mut response = BatchResponse::new(vec!["a".to_owned(), "b".to_owned()]);
    /// response.add_document(1, r#"{"jobId":"b"}"#.to_owned());
    /// response.add_problem_json(0, r#"{"error":"INTERNAL"}"#.to_owned());
    /// assert_eq!(response.into_json(), r#"{"jobs":[{"jobId":"b"}],"errors":[{"jobId":"a","error":"INTERNAL"}]}"#);
    /// ```
    pub fn into_json(self) -> String {
        // Memory of wasm never shrinks: the text is allocated once, and each document is dropped when it is copied.
        let mut json = String::with_capacity(self.bytes.saturating_add(64 * JOBS));
        json.push_str("{\"jobs\":[");
        let mut errors = String::new();
        for (job_id, result) in self.job_ids.iter().zip(self.results) {
            match result {
                Some(Ok(document)) => push_item(&mut json, &[&document]),
                Some(Err(problem)) => {
                    let job_id = serde_json::Value::from(job_id.as_str()).to_string();
                    let members = problem.strip_prefix('{').unwrap_or("}");
                    push_item(&mut errors, &["{\"jobId\":", &job_id, ",", members]);
                }
                None => {}
            }
        }
        for part in ["],\"errors\":[", &errors, "]}"] {
            json.push_str(part);
        }
        json
    }
}

fn push_item(list: &mut String, parts: &[&str]) {
    if !list.is_empty() && !list.ends_with('[') {
        list.push(',');
    }
    parts.iter().for_each(|part| list.push_str(part));
}

fn does_not_fit() -> Problem {
    let message = format!(
        "The documents of one batch may have {BATCH_BYTES} bytes together, and this one does not fit; read the job alone, \
         or in a smaller batch"
    );
    Problem::new(Code::PayloadTooLarge, message).with("field", "jobs").with("limit", BATCH_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::limits::NAME_BYTES;
    use serde_json::json;

    #[test]
    fn a_repeated_id_is_one_job() {
        let ids: Vec<_> = (0..JOBS).map(|index| if index % 2 == 0 { "fat" } else { "b" }).collect();
        assert_eq!(BatchRequest::from_json(json!({ "jobIds": ids })).unwrap().job_ids, ["fat", "b"]);
    }

    #[test]
    fn documents_fit_up_to_the_limit_and_one_byte_past_it_the_job_is_an_error() {
        let mut response = BatchResponse::new(["a", "b", "c", "d"].map(str::to_owned).to_vec());
        let document = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        response.add_document(2, document(BATCH_BYTES - 10));
        response.add_document(1, document(11));
        response.add_document(3, document(10));
        response.add_problem(0, &Problem::job_not_found("a"));
        let body: Value = serde_json::from_str(&response.into_json()).unwrap();
        assert_eq!(body["jobs"][0].as_str().unwrap().len(), BATCH_BYTES - 12);
        assert_eq!(body["jobs"][1], "x".repeat(8));
        let errors = body["errors"].as_array().unwrap();
        assert_eq!((&errors[0]["jobId"], &errors[0]["error"]), (&json!("a"), &json!("JOB_NOT_FOUND")));
        assert_eq!((&errors[1]["jobId"], &errors[1]["error"]), (&json!("b"), &json!("PAYLOAD_TOO_LARGE")));
        assert_eq!(errors[1]["details"], json!({ "field": "jobs", "limit": BATCH_BYTES }));
    }

    #[test]
    fn an_id_that_is_not_a_job_id_is_escaped() {
        let mut response = BatchResponse::new(vec!["\"},{\n".to_owned()]);
        response.add_problem(0, &Problem::job_not_found("x"));
        let body: Value = serde_json::from_str(&response.into_json()).unwrap();
        assert_eq!(body["errors"][0]["jobId"], "\"},{\n");
    }

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
