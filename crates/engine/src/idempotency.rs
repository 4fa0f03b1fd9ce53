//! Idempotent creation: whether a job that exists was created by the same request.

use protocol::{Problem, problem::Code};
use serde_json::Value;

use crate::{
    crypto::{base64url, sha256},
    job::Job,
};

/// The digest of a creation's body. Bodies that differ only in white space and in the order of members have the same
/// digest.
///
/// ```
/// use engine::idempotency::digest;
/// use serde_json::json;
/// assert_eq!(digest(&json!({"a": 1, "b": {"c": 2, "d": 3}})), digest(&json!({"b": {"d": 3, "c": 2}, "a": 1})));
/// assert_ne!(digest(&json!({"a": 1})), digest(&json!({"a": 2})));
/// ```
pub fn digest(body: &Value) -> String {
    let mut canonical = String::new();
    write_canonical(body, &mut canonical);
    base64url(&sha256(canonical.as_bytes()))
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write_canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (key, value) in sorted {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// Checks a creation under the id of `job`, which exists. The same body again is a retry and is answered with the
/// current document.
///
/// # Errors
///
/// `JOB_EXISTS` if the job was created with another body, or by a report.
pub fn check_recreation(job: &Job, digest: &str) -> Result<(), Problem> {
    if job.record.created_with.as_deref() == Some(digest) {
        return Ok(());
    }
    let job_id = job.document.job_id.as_str();
    let message = format!(
        "Job {job_id} exists and was created with another body or by a report; report to it, choose another id, or, once it \
         has ended, create it anew with \"replace\": \"ended\""
    );
    Err(Problem::new(Code::JobExists, message).with("jobId", job_id))
}
