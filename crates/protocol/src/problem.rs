//! Problems: the body of every answer that is not a success, from a closed list of codes.

use serde::{Deserialize, Serialize, ser::SerializeStruct as _};
use serde_json::Value;

use crate::document::Object;

/// What went wrong, by fault and by what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The request is malformed or past a limit; `details.field` names the place.
    InvalidRequest,
    /// No credential, or one that is not valid.
    Unauthenticated,
    /// A valid credential that may not do this.
    AccessDenied,
    /// No such job, or none any more.
    JobNotFound,
    /// No such path.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// A job of that id exists and was made differently.
    JobExists,
    /// The job's state does not allow it.
    InvalidTransition,
    /// The body or the document would be too large.
    PayloadTooLarge,
    /// The body is of a media type that is not read.
    UnsupportedMediaType,
    /// Too many requests.
    RateLimitExceeded,
    /// The deployment has no keys yet.
    NotConfigured,
    /// Too much at once; try again later.
    Overloaded,
    /// Our fault.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Code; 14] = [
        Code::InvalidRequest,
        Code::Unauthenticated,
        Code::AccessDenied,
        Code::JobNotFound,
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::JobExists,
        Code::InvalidTransition,
        Code::PayloadTooLarge,
        Code::UnsupportedMediaType,
        Code::RateLimitExceeded,
        Code::NotConfigured,
        Code::Overloaded,
        Code::Internal,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::InvalidRequest => "INVALID_REQUEST",
            Code::Unauthenticated => "UNAUTHENTICATED",
            Code::AccessDenied => "ACCESS_DENIED",
            Code::JobNotFound => "JOB_NOT_FOUND",
            Code::NotFound => "NOT_FOUND",
            Code::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Code::JobExists => "JOB_EXISTS",
            Code::InvalidTransition => "INVALID_TRANSITION",
            Code::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Code::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Code::RateLimitExceeded => "RATE_LIMIT_EXCEEDED",
            Code::NotConfigured => "NOT_CONFIGURED",
            Code::Overloaded => "OVERLOADED",
            Code::Internal => "INTERNAL",
        }
    }

    /// Its HTTP status (RFC 9110, section 15).
    pub fn http_status(self) -> u16 {
        match self {
            Code::InvalidRequest => 400,
            Code::Unauthenticated => 401,
            Code::AccessDenied => 403,
            Code::JobNotFound | Code::NotFound => 404,
            Code::MethodNotAllowed => 405,
            Code::JobExists | Code::InvalidTransition => 409,
            Code::PayloadTooLarge => 413,
            Code::UnsupportedMediaType => 415,
            Code::RateLimitExceeded => 429,
            Code::Internal => 500,
            Code::NotConfigured | Code::Overloaded => 503,
        }
    }
}

/// The body of an answer that is not a success: `{"error": CODE, "message": …, "details": {…}}`, as in the TensorOne API.
///
/// ```
/// use protocol::problem::Problem;
/// let problem = Problem::job_not_found("import-42");
/// assert_eq!(problem.code().http_status(), 404);
/// assert!(serde_json::to_string(&problem).unwrap().starts_with(r#"{"error":"JOB_NOT_FOUND","#));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// What went wrong, for programs.
    #[cfg_attr(feature = "schema", schemars(rename = "error"))]
    code: Code,
    /// What went wrong and what to do about it, for people.
    message: String,
    /// What else there is to know.
    details: Object,
}

impl Problem {
    /// A problem with no details yet.
    pub fn new(code: Code, message: impl Into<String>) -> Problem {
        Problem { code, message: message.into(), details: Object::new() }
    }

    /// The same problem with one more detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// A malformed `field`; `message` says what is expected of it.
    pub fn invalid(field: &str, message: impl std::fmt::Display) -> Problem {
        Problem::new(Code::InvalidRequest, format!("`{field}` {message}")).with("field", field)
    }

    /// A `field` past a `limit`.
    pub fn past_limit(field: &str, limit: usize, of: &str) -> Problem {
        Problem::invalid(field, format_args!("may have at most {limit} {of}")).with("limit", limit)
    }

    /// No job of that id, in the words of the TensorOne API.
    pub fn job_not_found(job_id: &str) -> Problem {
        let reasons = ["Job ID is incorrect", "Job was deleted after completion", "Job expired (older than 30 days)"];
        Problem::new(Code::JobNotFound, format!("Job {job_id} does not exist or has expired"))
            .with("jobId", job_id)
            .with("possibleReasons", reasons.map(Value::from).to_vec())
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What else there is to know.
    pub fn details(&self) -> &Object {
        &self.details
    }
}

impl Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("Problem", 3)?;
        body.serialize_field("error", &self.code)?;
        body.serialize_field("message", &self.message)?;
        body.serialize_field("details", &self.details)?;
        body.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_written_as_its_word_and_has_an_error_status() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.as_str()));
            assert!((400..600).contains(&code.http_status()));
        }
    }
}
