//! The Tensorlake progress API, as a view of the document.

use protocol::{Document, Problem, document::Object, id::JobId, limits::JOB_ID_CHARS, number::Number};
use serde::Serialize;

/// The id of the job that a path names by two ids.
///
/// ```
/// use engine::tensorlake::job_id;
/// assert_eq!(job_id("my_app", "req_7").unwrap().as_str(), "my_app:req_7");
/// assert_eq!(job_id("my:app", "req_7").unwrap_err().details()["field"], "application");
/// ```
///
/// # Errors
///
/// `INVALID_REQUEST` that names `application` or `request_id`.
pub fn job_id(application: &str, request_id: &str) -> Result<JobId, Problem> {
    for (name, id) in [("application", application), ("request_id", request_id)] {
        if id.contains(':') || JobId::parse(id).is_none() {
            return Err(Problem::invalid(name, format_args!("must be {}; `:` is not allowed here", JobId::FORM)));
        }
    }
    JobId::pair(application, request_id).ok_or_else(|| {
        Problem::past_limit("request_id", JOB_ID_CHARS.saturating_sub(1), "characters together with `application`")
    })
}

/// The response of `GET /applications/{application}/requests/{request_id}/progress`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Progress<'a> {
    /// The document's `current`, or its `progress` if the producer reports only a percentage; else null.
    pub current: Option<Number>,
    /// The document's `total`, or 100 if `current` is a percentage; else null.
    pub total: Option<Number>,
    /// The document's `message`, or null.
    pub message: Option<&'a str>,
    /// The document's `attributes`, or null.
    #[cfg_attr(feature = "schema", schemars(with = "Option<std::collections::BTreeMap<String, String>>"))]
    pub attributes: Option<&'a Object>,
    /// The time of the last change, in milliseconds since the Unix epoch.
    pub timestamp: u64,
}

/// The document in the shape of that API. A job that reports only a percentage has it as `current` of a `total` of 100.
pub fn progress(document: &Document) -> Progress<'_> {
    let counts = (document.current, document.total);
    let (current, total) = match (counts, document.progress) {
        ((None, None), Some(percent)) => (Some(percent), Some(Number::HUNDRED)),
        (counts, _) => counts,
    };
    Progress {
        current,
        total,
        message: document.message.as_deref(),
        attributes: document.attributes.as_ref(),
        timestamp: document.updated_at.millis(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(application: &str, request_id: &str) -> String {
        job_id(application, request_id).unwrap_err().details()["field"].as_str().unwrap().to_owned()
    }

    #[test]
    fn the_id_that_is_wrong_or_too_long_is_named() {
        assert_eq!(field("a:b", "c"), "application");
        assert_eq!(field("", "c"), "application");
        assert_eq!(field("a", "b,c"), "request_id");
        assert_eq!(field("a", &"b".repeat(JOB_ID_CHARS + 1)), "request_id");
        let problem = job_id("aa", &"b".repeat(JOB_ID_CHARS - 2)).unwrap_err();
        assert_eq!(problem.message(), "`request_id` may have at most 127 characters together with `application`");
        assert!(job_id("a", &"b".repeat(JOB_ID_CHARS - 2)).is_ok());
    }
}
