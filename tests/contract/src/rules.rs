//! The rules that every answer of the API follows, whatever the request.

use cases::matchers::exactly;
use serde_json::{Value, json};

use crate::http::Answer;

/// The codes of problems and their HTTP statuses, as PROTOCOL.md lists them.
const CODES: [(&str, u16); 14] = [
    ("INVALID_REQUEST", 400),
    ("UNAUTHENTICATED", 401),
    ("ACCESS_DENIED", 403),
    ("JOB_NOT_FOUND", 404),
    ("NOT_FOUND", 404),
    ("METHOD_NOT_ALLOWED", 405),
    ("JOB_EXISTS", 409),
    ("INVALID_TRANSITION", 409),
    ("PAYLOAD_TOO_LARGE", 413),
    ("UNSUPPORTED_MEDIA_TYPE", 415),
    ("RATE_LIMIT_EXCEEDED", 429),
    ("NOT_CONFIGURED", 503),
    ("OVERLOADED", 503),
    ("INTERNAL", 500),
];

/// Checks that the answer to a request for `path` has a `Date`, and that an error is a problem with a known code.
///
/// # Errors
///
/// The rule that the answer breaks, and the answer.
pub fn check_rules(answer: &Answer, path: &str) -> Result<(), String> {
    let content_type = answer.header("content-type").unwrap_or_default();
    // Static files come from the platform, which sets its own headers.
    let is_file =
        ["text/html", "text/javascript", "application/javascript"].iter().any(|file| content_type.starts_with(file));
    if answer.header("date").is_none() && !is_file {
        return Err(format!("the answer has no Date header: {answer}"));
    }
    // The Flask-shaped API fixes the body of its 404.
    let is_flask_404 = path.starts_with("/api/task-status/") && answer.status == 404;
    if answer.status < 400 || is_flask_404 || answer.text.is_empty() {
        return Ok(());
    }
    let body = answer.json();
    let problem = json!({"error": {"$any": "string"}, "message": {"$any": "string"}, "details": {"$any": "object"}});
    exactly(&problem, &body, "the problem").map_err(|error| format!("{error}: {answer}"))?;
    if !CODES.iter().any(|(code, status)| body.get("error") == Some(&Value::from(*code)) && *status == answer.status) {
        return Err(format!("this code does not belong to this status: {answer}"));
    }
    if content_type.starts_with("application/json") {
        Ok(())
    } else {
        Err(format!("the Content-Type of a problem is `{content_type}`; expected application/json"))
    }
}
