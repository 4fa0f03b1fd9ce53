//! Problems: the body of every response that is not a success, with a code from a closed list.

use serde::{Deserialize, Serialize, ser::SerializeStruct as _};
use serde_json::Value;

use crate::document::Object;

/// Declares the codes: `Variant = "WORD", HTTP status, "details";` with the meaning as doc comment.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal, $status:literal, $details:literal;)*) => {
        /// The machine-readable code of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $word)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of their HTTP statuses.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The code as it is written in JSON.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$variant => $word,)*
                }
            }

            /// The HTTP status (RFC 9110, section 15).
            pub fn http_status(self) -> u16 {
                match self {
                    $(Code::$variant => $status,)*
                }
            }

            /// The meaning: the doc comment of the variant.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Code::$variant => concat!($($doc),+).trim_ascii(),)*
                }
            }

            /// The members of `details`, in Markdown; empty where there are none.
            pub fn details(self) -> &'static str {
                match self {
                    $(Code::$variant => $details,)*
                }
            }
        }
    };
}

codes! {
    /// The request is malformed or exceeds a limit.
    InvalidRequest = "INVALID_REQUEST", 400,
        "always `field`; sometimes `limit`, `allowed`, `index` (in a list of reports), `offset` (of a byte that is not UTF-8)";
    /// The credential is missing or invalid.
    Unauthenticated = "UNAUTHENTICATED", 401, "";
    /// The credential is valid but does not have the required permission.
    AccessDenied = "ACCESS_DENIED", 403, "always `requiredPermission`, `userPermissions`; `jobId` if the request names a job";
    /// The job does not exist, or no longer exists.
    JobNotFound = "JOB_NOT_FOUND", 404, "always `jobId`, `possibleReasons`";
    /// The path does not exist.
    NotFound = "NOT_FOUND", 404, "";
    /// The path does not support the method. The response has the header `Allow`.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405, "always `allow`";
    /// The job was created with another body, or by a report.
    JobExists = "JOB_EXISTS", 409, "always `jobId`";
    /// The job's state does not allow the change.
    InvalidTransition = "INVALID_TRANSITION", 409, "always `field`; `from`, `to`, `allowed` if it is `status`, `status` if it is `substate`, `status`, `allowed` if it is `request`";
    /// The body, the document or the response to a batch would exceed its size limit.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413, "always `field` (`body`, `document` or, in a batch, `jobs`), `limit`";
    /// The media type of the body is not supported.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415, "always `field`, `supported`";
    /// The caller sent too many requests. The response has the header `Retry-After`.
    RateLimitExceeded = "RATE_LIMIT_EXCEEDED", 429, "always `limit`, `retryAfter`, `recommendation`; for a rate also `window`";
    /// The server failed. A report with an `order` can be sent again safely.
    Internal = "INTERNAL", 500, "";
    /// The operator has to change a setting, which the message names.
    NotConfigured = "NOT_CONFIGURED", 503, "";
    /// The load on the job exceeds what the server can handle. The response has the header `Retry-After`.
    Overloaded = "OVERLOADED", 503, "sometimes `limit`";
    /// The server's storage is full or cannot be written, and the request changed nothing. The response has the header `Retry-After`.
    InsufficientStorage = "INSUFFICIENT_STORAGE", 507, "";
}

impl Code {
    /// Whether the same request may succeed later, without a change of the caller's.
    pub fn is_temporary(self) -> bool {
        self.http_status() >= 500 || self == Code::RateLimitExceeded
    }
}

/// The body of a response that is not a success: `{"error": CODE, "message": …, "details": {…}}`, as in the TensorOne API.
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
    /// The machine-readable code.
    #[cfg_attr(feature = "schema", schemars(rename = "error"))]
    code: Code,
    /// A human-readable sentence: what went wrong and how to correct it.
    message: String,
    /// Machine-readable details; the members depend on the code.
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

    /// A malformed `field`. `message` completes a sentence that begins with the field, such as "must be a string".
    pub fn invalid(field: &str, message: impl std::fmt::Display) -> Problem {
        Problem::new(Code::InvalidRequest, format!("`{field}` {message}")).with("field", field)
    }

    /// A `field` that exceeds a `limit`; `of` is what is counted.
    pub fn past_limit(field: &str, limit: usize, of: &str) -> Problem {
        Problem::invalid(field, format_args!("may have at most {limit} {of}")).with("limit", limit)
    }

    /// The job does not exist. The texts are those of the TensorOne API.
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

    /// The human-readable sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The machine-readable details.
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
    fn every_code_is_serialized_as_its_word_and_has_an_error_status() {
        for &code in Code::ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.as_str()));
            assert!((400..600).contains(&code.http_status()));
        }
    }
}
