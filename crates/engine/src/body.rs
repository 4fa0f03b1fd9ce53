//! The body of a request: the media types and lengths that are accepted, and its parts as reports.

use protocol::{
    Problem, json,
    limits::REPORT_BYTES,
    problem::Code,
    report::{self, Reports},
};

/// The media type of a body with one JSON text on each line, and its other names, none of which is registered.
const NDJSON: &str = "application/x-ndjson";
const ALSO_NDJSON: [&str; 7] = [
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonl",
    "application/jsonlines",
    "application/x-jsonlines",
    "application/json-lines",
    "application/x-json-lines",
];
/// The media types of a body with one JSON text. The last two are what `curl -d` and `fetch` send for a text by default.
const JSON: [&str; 3] = ["application/json", "application/x-www-form-urlencoded", "text/plain"];
/// The characters of a wrong header that a message shows.
const SHOWN_CHARS: usize = 40;

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

/// The headers of a request that describe its body, as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContentHeaders<'a> {
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Content-Encoding`.
    pub content_encoding: Option<&'a str>,
    /// `Content-Length`, if it is a number.
    pub content_length: Option<usize>,
}

impl BodyHeaders {
    /// Reads the headers of a request whose body may have at most `limit` bytes. A body without `Content-Type` is read as
    /// JSON.
    ///
    /// # Errors
    ///
    /// `UNSUPPORTED_MEDIA_TYPE`, or `PAYLOAD_TOO_LARGE` if the length is past the limit.
    pub fn new(headers: ContentHeaders, accepts: Accepts, limit: usize) -> Result<BodyHeaders, Problem> {
        let essence = headers.content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let is = |media_type: &&str| essence.eq_ignore_ascii_case(media_type);
        let ndjson = accepts == Accepts::JsonOrNdjson && (is(&NDJSON) || ALSO_NDJSON.iter().any(is));
        if !ndjson && !essence.is_empty() && !JSON.iter().any(is) {
            return Err(unsupported_type(accepts));
        }
        let encoding = headers.content_encoding.map(str::trim).unwrap_or_default();
        if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
            return Err(unsupported_encoding(encoding));
        }
        if headers.content_length.is_some_and(|bytes| bytes > limit) {
            return Err(too_large(limit));
        }
        Ok(BodyHeaders { ndjson, bytes: headers.content_length })
    }
}

fn unsupported_type(accepts: Accepts) -> Problem {
    let supported: &[&str] = match accepts {
        Accepts::Json => &["application/json"],
        Accepts::JsonOrNdjson => &["application/json", NDJSON],
    };
    let message = format!("Send the body as {}", supported.join(" or "));
    Problem::new(Code::UnsupportedMediaType, message)
        .with("field", "Content-Type")
        .with("supported", supported.to_vec())
}

fn unsupported_encoding(encoding: &str) -> Problem {
    let shown: String = encoding.chars().take(SHOWN_CHARS).collect();
    let message = format!("`Content-Encoding` must be identity, not `{shown}`; send the body without compression");
    Problem::new(Code::UnsupportedMediaType, message)
        .with("field", "Content-Encoding")
        .with("supported", vec!["identity"])
}

/// The problem of a body of which only a part arrived: the caller aborted the request, or its chunks are malformed.
pub fn incomplete() -> Problem {
    Problem::invalid("body", "ended before it was complete, or its chunks are malformed; send it again")
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
    let value = json::parse_body(body)?;
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
        let headers = ContentHeaders { content_type, ..ContentHeaders::default() };
        BodyHeaders::new(headers, accepts, 10).map(|headers| headers.ndjson)
    }

    #[test]
    fn a_body_without_a_media_type_or_with_the_default_of_a_tool_is_read_as_json() {
        for content_type in [
            None,
            Some(""),
            Some("application/json"),
            Some("Application/JSON; charset=utf-8"),
            Some("application/x-www-form-urlencoded"),
            Some("text/plain;charset=UTF-8"),
        ] {
            assert_eq!(media_type(content_type, Accepts::Json), Ok(false), "{content_type:?}");
            assert_eq!(media_type(content_type, Accepts::JsonOrNdjson), Ok(false), "{content_type:?}");
        }
    }

    #[test]
    fn ndjson_is_accepted_only_where_reports_are() {
        for name in ALSO_NDJSON.into_iter().chain([NDJSON, "Application/JSONL; charset=utf-8"]) {
            assert_eq!(media_type(Some(name), Accepts::JsonOrNdjson), Ok(true), "{name}");
            assert!(media_type(Some(name), Accepts::Json).is_err(), "{name}");
        }
        let problem = media_type(Some("application/x-ndjson"), Accepts::Json).unwrap_err();
        assert_eq!(problem.message(), "Send the body as application/json");
        let problem = media_type(Some("application/json-seq"), Accepts::JsonOrNdjson).unwrap_err();
        assert_eq!(problem.details()["supported"], json!(["application/json", "application/x-ndjson"]));
    }

    #[test]
    fn a_length_is_accepted_at_the_limit_and_refused_one_past() {
        let length = |bytes| {
            let headers = ContentHeaders { content_length: Some(bytes), ..ContentHeaders::default() };
            BodyHeaders::new(headers, Accepts::Json, 10).map(|headers| headers.bytes)
        };
        assert_eq!(length(10), Ok(Some(10)));
        let problem = length(11).unwrap_err();
        assert_eq!((problem.code(), &problem.details()["limit"]), (Code::PayloadTooLarge, &json!(10)));
    }

    #[test]
    fn a_compressed_body_is_refused_by_the_name_of_its_encoding() {
        let encoded = |content_encoding| {
            let headers = ContentHeaders { content_encoding: Some(content_encoding), ..ContentHeaders::default() };
            BodyHeaders::new(headers, Accepts::Json, 10)
        };
        for encoding in ["", "identity", " Identity "] {
            assert!(encoded(encoding).is_ok(), "{encoding}");
        }
        let problem = encoded("gzip").unwrap_err();
        assert_eq!(problem.code(), Code::UnsupportedMediaType);
        assert!(problem.message().contains("`gzip`"), "{}", problem.message());
        assert_eq!(problem.details()["field"], "Content-Encoding");
        assert!(encoded("identity, br").is_err());
        assert!(encoded(&"é".repeat(1000)).unwrap_err().message().chars().count() < 150);
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
        assert!(reports(&["\u{feff}".as_bytes(), body].concat(), true).is_ok());
        let problem = reports(body, false).unwrap_err();
        assert!(problem.message().contains("`Content-Type: application/x-ndjson`"), "{}", problem.message());
    }
}
