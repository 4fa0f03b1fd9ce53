//! Whether a job is made, or was made before by the same request.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::{Problem, problem::Code};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::job::Job;

/// A digest of a creation's body, equal for bodies that differ only in spaces and in the order of members.
///
/// ```
/// use engine::creation::digest;
/// use serde_json::json;
/// assert_eq!(digest(&json!({"a": 1, "b": {"c": 2, "d": 3}})), digest(&json!({"b": {"d": 3, "c": 2}, "a": 1})));
/// assert_ne!(digest(&json!({"a": 1})), digest(&json!({"a": 2})));
/// ```
pub fn digest(body: &Value) -> String {
    let mut canonical = String::new();
    write_canonical(body, &mut canonical);
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
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

/// Answers a creation under the id of `job`, which exists: the same body again is a retry and gets today's document.
///
/// # Errors
///
/// `JOB_EXISTS` when the job was made with another body, or by a report.
pub fn again(job: &Job, digest: &str) -> Result<(), Problem> {
    if job.record.created_with.as_deref() == Some(digest) {
        return Ok(());
    }
    let job_id = job.document.job_id.as_str();
    let message = format!("Job {job_id} exists and was made with another body; report to it, or choose another id");
    Err(Problem::new(Code::JobExists, message).with("jobId", job_id))
}
