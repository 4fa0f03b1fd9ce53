//! A batch: the documents, or the results of a control request, of several jobs in one response.

use std::{cell::Cell, collections::HashSet, mem, rc::Rc};

use protocol::{
    Problem,
    fields::{Fields, list, short},
    include::Include,
    limits::{BATCH_BYTES, BATCHES_BYTES, JOBS},
    problem::Code,
};
use serde_json::Value;

use crate::{chunk::Chunk, include};

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
    /// Reads a body: `jobIds` and `include`.
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
        let job_ids = job_ids(&mut fields)?;
        let include = fields.optional("include", include::from_body)?.unwrap_or_default();
        fields.finish("a batch request")?;
        Ok(BatchRequest { job_ids, include })
    }
}

/// The bytes of a document that every job of a batch is asked for first. The larger ones follow one after the other, while they
/// fit, so that little is on its way at a time and nothing arrives that is not returned.
pub const SMALL_BYTES: usize = 256 * 1024;

/// The bytes of the documents that all batches of an isolate hold.
pub type HeldBytes = Rc<Cell<usize>>;

/// Takes `jobIds` out of the body of a batch: 1 to [`JOBS`] texts, which are distinct afterwards, in the order of their first
/// mention.
///
/// # Errors
///
/// `INVALID_REQUEST` that names the field and what is expected of it.
pub(crate) fn job_ids(fields: &mut Fields) -> Result<Vec<String>, Problem> {
    let mut job_ids = fields.required("jobIds", |value, name| list(value, name, JOBS, short))?;
    if job_ids.is_empty() {
        return Err(Problem::invalid("jobIds", format_args!("must name 1 to {JOBS} jobs")));
    }
    let mut seen = HashSet::new();
    job_ids.retain(|id| seen.insert(id.clone()));
    Ok(job_ids)
}

/// The response to a batch while the replies of the objects arrive, in any order.
///
/// It keeps at most [`BATCH_BYTES`] of documents; a document that does not fit any more becomes an error of its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchResponse<C> {
    job_ids: Vec<String>,
    /// One per job: a document as JSON, a problem as JSON, or nothing yet.
    results: Vec<Option<Result<C, String>>>,
    /// The bytes of the documents.
    bytes: usize,
    held: HeldBytes,
}

impl<C> Drop for BatchResponse<C> {
    fn drop(&mut self) {
        self.held.set(self.held.get().saturating_sub(self.bytes));
    }
}

impl<C: Chunk> BatchResponse<C> {
    /// The response for these jobs, without a result yet.
    pub fn new(job_ids: Vec<String>, held: HeldBytes) -> BatchResponse<C> {
        let results = job_ids.iter().map(|_| None).collect();
        BatchResponse { job_ids, results, bytes: 0, held }
    }

    /// The most bytes that one more document may have.
    ///
    /// # Errors
    ///
    /// The problem of a job whose document has `bytes`, if that is more.
    pub fn room_for(&self, bytes: usize) -> Result<usize, Problem> {
        let room = BATCH_BYTES.saturating_sub(self.bytes);
        let in_isolate = BATCHES_BYTES.saturating_sub(self.held.get());
        match bytes {
            bytes if bytes > room => Err(does_not_fit()),
            bytes if bytes > in_isolate => Err(isolate_is_full()),
            _ => Ok(room.min(in_isolate)),
        }
    }

    /// Adds the document of the job at `index`, as JSON.
    pub fn add_document(&mut self, index: usize, document: C) {
        let bytes = document.size();
        if let Err(problem) = self.room_for(bytes) {
            return self.add_problem(index, &problem);
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.held.set(self.held.get().saturating_add(bytes));
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

    fn set(&mut self, index: usize, result: Result<C, String>) {
        if let Some(slot) = self.results.get_mut(index) {
            *slot = Some(result);
        }
    }

    /// The body of the response in parts: the documents and the problems, each in the order of the request.
    ///
    /// ```
    /// use engine::batch::{BatchResponse, HeldBytes};
    /// let job_ids = vec!["a".to_owned(), "b".to_owned()];
    /// let mut response = BatchResponse::new(job_ids, HeldBytes::default());
    /// response.add_document(1, br#"{"jobId":"b"}"#.to_vec());
    /// response.add_problem_json(0, r#"{"error":"INTERNAL"}"#.to_owned());
    /// let json = String::from_utf8(response.into_chunks().concat()).unwrap();
    /// assert_eq!(json, r#"{"jobs":[{"jobId":"b"}],"errors":[{"jobId":"a","error":"INTERNAL"}]}"#);
    /// ```
    pub fn into_chunks(mut self) -> Vec<C> {
        let mut chunks = vec![C::from_bytes(b"{\"jobs\":[")];
        let mut errors = String::new();
        for (job_id, result) in self.job_ids.iter().zip(mem::take(&mut self.results)) {
            match result {
                Some(Ok(document)) => {
                    if chunks.len() > 1 {
                        chunks.push(C::from_bytes(b","));
                    }
                    chunks.push(document);
                }
                Some(Err(problem)) => {
                    let job_id = serde_json::Value::from(job_id.as_str()).to_string();
                    let members = problem.strip_prefix('{').unwrap_or("}");
                    let separator = if errors.is_empty() { "" } else { "," };
                    for part in [separator, "{\"jobId\":", &job_id, ",", members] {
                        errors.push_str(part);
                    }
                }
                None => {}
            }
        }
        chunks.push(C::from_bytes(format!("],\"errors\":[{errors}]}}").as_bytes()));
        chunks
    }
}

/// The problem of a job whose document does not fit into the response any more.
pub fn does_not_fit() -> Problem {
    let message = format!(
        "The documents of one batch may have {BATCH_BYTES} bytes together, and this one does not fit; read the job alone, \
         or in a smaller batch"
    );
    Problem::new(Code::PayloadTooLarge, message).with("field", "jobs").with("limit", BATCH_BYTES)
}

fn isolate_is_full() -> Problem {
    let message = format!(
        "The batches that are being answered hold {BATCHES_BYTES} bytes of documents, as many as they may; read the job alone, or \
         try again"
    );
    Problem::new(Code::Overloaded, message).with("limit", BATCHES_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::limits::NAME_BYTES;
    use serde_json::json;

    fn response<const N: usize>(job_ids: [&str; N], held: &HeldBytes) -> BatchResponse<Vec<u8>> {
        BatchResponse::new(job_ids.map(str::to_owned).to_vec(), Rc::clone(held))
    }

    /// A JSON string of as many bytes.
    fn document(bytes: usize) -> Vec<u8> {
        format!("\"{}\"", "x".repeat(bytes - 2)).into_bytes()
    }

    fn body(response: BatchResponse<Vec<u8>>) -> Value {
        serde_json::from_slice(&response.into_chunks().concat()).unwrap()
    }

    #[test]
    fn a_repeated_id_is_one_job() {
        let ids: Vec<_> = (0..JOBS).map(|index| if index % 2 == 0 { "fat" } else { "b" }).collect();
        assert_eq!(BatchRequest::from_json(json!({ "jobIds": ids })).unwrap().job_ids, ["fat", "b"]);
    }

    #[test]
    fn documents_fit_up_to_the_limit_and_one_byte_past_it_the_job_is_an_error() {
        let mut response = response(["a", "b", "c", "d"], &HeldBytes::default());
        response.add_document(2, document(BATCH_BYTES - 10));
        assert_eq!(response.room_for(10).unwrap(), 10);
        response.add_document(1, document(11));
        response.add_document(3, document(10));
        response.add_problem(0, &Problem::job_not_found("a"));
        let body = body(response);
        assert_eq!(body["jobs"][0].as_str().unwrap().len(), BATCH_BYTES - 12);
        assert_eq!(body["jobs"][1], "x".repeat(8));
        let errors = body["errors"].as_array().unwrap();
        assert_eq!((&errors[0]["jobId"], &errors[0]["error"]), (&json!("a"), &json!("JOB_NOT_FOUND")));
        assert_eq!((&errors[1]["jobId"], &errors[1]["error"]), (&json!("b"), &json!("PAYLOAD_TOO_LARGE")));
        assert_eq!(errors[1]["details"], json!({ "field": "jobs", "limit": BATCH_BYTES }));
    }

    #[test]
    fn a_document_past_what_the_batches_of_an_isolate_may_hold_is_an_error_until_one_is_answered() {
        let held = HeldBytes::default();
        let mut batches: Vec<_> = (0..4).map(|_| response(["a"], &held)).collect();
        batches.iter_mut().for_each(|batch| batch.add_document(0, document(BATCH_BYTES)));
        let mut late = response(["a", "b"], &held);
        late.add_document(0, document(2));
        batches.pop().unwrap().into_chunks();
        late.add_document(1, document(2));
        let body = body(late);
        let error = &body["errors"][0];
        assert_eq!((&error["error"], &error["details"]["limit"]), (&json!("OVERLOADED"), &json!(BATCHES_BYTES)));
        assert_eq!(body["jobs"], json!([""]));
        drop(batches);
        assert_eq!(held.get(), 0);
    }

    #[test]
    fn an_id_that_is_not_a_job_id_is_escaped() {
        let mut response = response(["\"},{\n"], &HeldBytes::default());
        response.add_problem(0, &Problem::job_not_found("x"));
        assert_eq!(body(response)["errors"][0]["jobId"], "\"},{\n");
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
