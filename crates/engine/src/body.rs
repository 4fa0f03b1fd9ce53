//! The body of a request: the media types and lengths that are accepted, and its parts as reports.

use protocol::{
    Problem, json,
    limits::REPORT_BYTES,
    problem::Code,
    report::{self, Reports},
};

/// The media type of a body with one JSON text on each line.
const NDJSON: &str = "application/x-ndjson";

/// What the headers of a request say about its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyHeaders {
    /// Whether the body has one JSON text on each line.
    pub ndjson: bool,
    /// The length of the body in bytes, if `Content-Length` says it.
    pub bytes: Option<usize>,
}

/// The media types that an operation accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// JSON.
    Json,
    /// JSON, and one JSON text on each line.
    JsonOrNdjson,
}

impl BodyHeaders {
    /// Reads the headers of a request whose body may have at most `limit` bytes.
    ///
    /// A body without `Content-Type`, or with `application/x-www-form-urlencoded`, which `curl -d` sends, is read as JSON.
    ///
    /// # Errors
    ///
    /// `UNSUPPORTED_MEDIA_TYPE`, or `PAYLOAD_TOO_LARGE` if the length is past the limit.
    pub fn new(
        content_type: Option<&str>,
        content_length: Option<usize>,
        accepts: Accepts,
        limit: usize,
    ) -> Result<BodyHeaders, Problem> {
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let is = |media_type: &str| essence.eq_ignore_ascii_case(media_type);
        let ndjson = accepts == Accepts::JsonOrNdjson && is(NDJSON);
        if !ndjson && !essence.is_empty() && !is("application/json") && !is("application/x-www-form-urlencoded") {
            return Err(unsupported(accepts));
        }
        if content_length.is_some_and(|bytes| bytes > limit) {
            return Err(too_large(limit));
        }
        Ok(BodyHeaders { ndjson, bytes: content_length })
    }
}

fn unsupported(accepts: Accepts) -> Problem {
    let supported: &[&str] = match accepts {
        Accepts::Json => &["application/json"],
        Accepts::JsonOrNdjson => &["application/json", NDJSON],
    };
    let message = format!("Send the body as {}", supported.join(" or "));
    Problem::new(Code::UnsupportedMediaType, message)
        .with("field", "Content-Type")
        .with("supported", supported.to_vec())
}

/// The problem of a body with more than `limit` bytes.
pub fn too_large(limit: usize) -> Problem {
    Problem::new(Code::PayloadTooLarge, format!("The body may have at most {limit} bytes"))
        .with("field", "body")
        .with("limit", limit)
}

/// Reads a body as reports: one, a list, or one on each line.
///
/// # Errors
///
/// `INVALID_REQUEST` that names the field, or `PAYLOAD_TOO_LARGE` if a single report is longer than [`REPORT_BYTES`].
pub fn reports(body: &[u8], ndjson: bool) -> Result<Reports, Problem> {
    if ndjson {
        return report::from_ndjson(body);
    }
    let value = json::parse(body)?;
    if !value.is_array() && body.len() > REPORT_BYTES {
        return Err(too_large(REPORT_BYTES));
    }
    report::from_body(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn media_type(content_type: Option<&str>, accepts: Accepts) -> Result<bool, Problem> {
        BodyHeaders::new(content_type, None, accepts, 10).map(|headers| headers.ndjson)
    }

    #[test]
    fn a_body_without_a_media_type_or_with_that_of_curl_is_read_as_json() {
        for content_type in [
            None,
            Some(""),
            Some("application/json"),
            Some("Application/JSON; charset=utf-8"),
            Some("application/x-www-form-urlencoded"),
        ] {
            assert_eq!(media_type(content_type, Accepts::Json), Ok(false), "{content_type:?}");
            assert_eq!(media_type(content_type, Accepts::JsonOrNdjson), Ok(false), "{content_type:?}");
        }
    }

    #[test]
    fn ndjson_is_accepted_only_where_reports_are() {
        assert_eq!(media_type(Some("application/x-ndjson"), Accepts::JsonOrNdjson), Ok(true));
        let problem = media_type(Some("application/x-ndjson"), Accepts::Json).unwrap_err();
        assert_eq!(problem.message(), "Send the body as application/json");
        let problem = media_type(Some("text/plain"), Accepts::JsonOrNdjson).unwrap_err();
        assert_eq!(problem.details()["supported"], json!(["application/json", "application/x-ndjson"]));
    }

    #[test]
    fn a_length_is_accepted_at_the_limit_and_refused_one_past() {
        let length = |bytes| BodyHeaders::new(None, Some(bytes), Accepts::Json, 10).map(|headers| headers.bytes);
        assert_eq!(length(10), Ok(Some(10)));
        let problem = length(11).unwrap_err();
        assert_eq!((problem.code(), &problem.details()["limit"]), (Code::PayloadTooLarge, &json!(10)));
    }

    #[test]
    fn a_list_may_be_longer_than_a_single_report() {
        let report = |bytes: usize| format!("{{\"progress\":1{}}}", " ".repeat(bytes - 14));
        assert!(reports(report(REPORT_BYTES).as_bytes(), false).is_ok());
        let problem = reports(report(REPORT_BYTES + 1).as_bytes(), false).unwrap_err();
        assert_eq!(problem.code(), Code::PayloadTooLarge);
        assert!(reports(format!("[{}]", report(REPORT_BYTES + 1)).as_bytes(), false).is_ok());
    }

    #[test]
    fn lines_are_read_as_reports_only_if_the_media_type_says_so() {
        let body = b"{\"progress\":1}\n{\"progress\":2}\n";
        assert!(reports(body, true).is_ok());
        assert!(reports(body, false).is_err());
    }
}
