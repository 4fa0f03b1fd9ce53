//! A problem: why the server refused a report.

use std::{fmt, time::Duration};

use serde_json::{Map, Value};

/// Why the server refused a report, in the form of section 9 of PROTOCOL.md.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// The code, such as `ACCESS_DENIED`.
    pub code: String,
    /// The HTTP status of the response; 200 if one report of several was refused.
    pub status: u16,
    /// A sentence for people that says how to correct the report.
    pub message: String,
    /// Details for programs; the members depend on the code.
    pub details: Map<String, Value>,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// Reads a problem from the body of a response or from an item of its `results`; `None` if it is not one.
    pub(crate) fn read(status: u16, body: &Value, retry_after: Option<Duration>) -> Option<Problem> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        text("error").map(|code| Problem {
            code,
            status,
            message: text("message").unwrap_or_default(),
            details: body.get("details").and_then(Value::as_object).cloned().unwrap_or_default(),
            retry_after,
        })
    }

    /// A problem that the producer finds itself, as the server would answer it.
    pub(crate) fn invalid(field: &str, message: String) -> Problem {
        let details = Map::from_iter([("field".to_owned(), field.into())]);
        Problem { code: "INVALID_REQUEST".to_owned(), status: 400, message, details, retry_after: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for Problem {}
