//! Strangers' requests, read once at the door: ids, queries, bodies.

use futures_util::StreamExt as _;
use js_sys::Uint8Array;
use protocol::{
    Problem,
    include::Include,
    json,
    limits::REPORT_BYTES,
    problem::Code,
    report::{self, Reports},
};
use serde_json::Value;
use wasm_bindgen_futures::JsFuture;
use worker::ByteStream;

use crate::{answer::Refusal, incoming::Incoming};

/// The parameters of a URL, in order, percent-decoded.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// The parameters of a request's URL; those that are not `known` are refused by name.
    pub(crate) fn of(request: &Incoming, known: &[&str]) -> Result<Query, Refusal> {
        let url = request.url()?;
        let query = Query(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect());
        // A credential may stand in any URL, if only to be refused there.
        match query.0.iter().find(|(name, _)| name != "token" && !known.contains(&name.as_str())) {
            None => Ok(query),
            Some((name, _)) if known.is_empty() => {
                Err(Problem::invalid(name, "is no parameter here; leave it out").into())
            }
            Some((name, _)) => {
                let known = known.join(", ");
                Err(Problem::invalid(name, format_args!("is no parameter here; there are {known}")).into())
            }
        }
    }

    /// Every value of a parameter.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that may stand once.
    pub(crate) fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, Problem> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Problem::invalid(name, "stands there twice; send it once")),
        }
    }

    /// The value of a parameter that is an integer from `low` to `high`.
    pub(crate) fn integer(&self, name: &str, low: u64, high: u64) -> Result<Option<u64>, Problem> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let value = text.parse().ok().filter(|value| digits && (low..=high).contains(value));
        value.map(Some).ok_or_else(|| {
            Problem::invalid(name, format_args!("must be an integer from {low} to {high}")).with("limit", high)
        })
    }

    /// The value of a parameter that is `true` or `false`; false when absent.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.one(name)? {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::invalid(name, "must be true or false")),
        }
    }

    /// The parts asked for with `include`.
    pub(crate) fn include(&self) -> Result<Include, Problem> {
        Include::parse(self.all("include")).map_err(|unknown| unknown_include(&unknown))
    }
}

/// The problem of an unknown member of `include`.
pub(crate) fn unknown_include(unknown: &str) -> Problem {
    let allowed = Include::NAMES;
    Problem::invalid("include", format_args!("has the unknown member `{unknown}`; allowed are {}", allowed.join(", ")))
        .with("allowed", allowed.map(Value::from).to_vec())
}

/// The kind of a body of one JSON text a line.
const NDJSON: &str = "application/x-ndjson";

/// A body that was read whole.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
}

impl Body {
    /// Reads a body of at most `limit` bytes.
    pub(crate) async fn read(request: &Incoming, limit: usize) -> Result<Body, Refusal> {
        let announced = Announced::of(request, limit, false)?;
        let bytes = match announced.bytes {
            // The runtime holds the body to its announced length.
            Some(_) => {
                let buffer = JsFuture::from(request.inner().array_buffer()?).await?;
                Uint8Array::new(&buffer).to_vec()
            }
            None => bytes_up_to(request, limit).await?,
        };
        Ok(Body { bytes })
    }

    /// The body as one JSON text.
    pub(crate) fn json(&self) -> Result<Value, Problem> {
        json::parse(&self.bytes)
    }
}

/// A body as reports.
pub(crate) fn reports(body: &[u8], ndjson: bool) -> Result<Reports, Problem> {
    if ndjson {
        return report::from_ndjson(body);
    }
    let value = json::parse(body)?;
    if !value.is_array() && body.len() > REPORT_BYTES {
        return Err(too_large(REPORT_BYTES));
    }
    report::from_body(value)
}

/// What the head of a request says of its body.
pub(crate) struct Announced {
    /// Whether it is one JSON text a line.
    pub(crate) ndjson: bool,
    /// Its length, if that is told; the runtime holds the body to it.
    pub(crate) bytes: Option<usize>,
}

impl Announced {
    /// The body of a request that may have at most `limit` bytes.
    ///
    /// No Content-Type and `application/x-www-form-urlencoded`, which `curl -d` sends, are read as JSON.
    pub(crate) fn of(request: &Incoming, limit: usize, ndjson_too: bool) -> Result<Announced, Problem> {
        let essence = request.content_type().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let is = |kind: &str| essence.eq_ignore_ascii_case(kind);
        let ndjson = ndjson_too && is(NDJSON);
        if !ndjson && !essence.is_empty() && !is("application/json") && !is("application/x-www-form-urlencoded") {
            let supported: &[&str] = if ndjson_too { &["application/json", NDJSON] } else { &["application/json"] };
            let message = format!("Send the body as {}", supported.join(" or "));
            return Err(Problem::new(Code::UnsupportedMediaType, message)
                .with("field", "Content-Type")
                .with("supported", supported.to_vec()));
        }
        let bytes = request.content_length();
        if bytes.is_some_and(|bytes| bytes > limit) {
            return Err(too_large(limit));
        }
        Ok(Announced { ndjson, bytes })
    }
}

/// Reads a body of unknown length, and no more of it than it may have.
pub(crate) async fn bytes_up_to(request: &Incoming, limit: usize) -> Result<Vec<u8>, Refusal> {
    let Some(body) = request.inner().body() else { return Ok(Vec::new()) };
    let mut bytes = Vec::new();
    let mut chunks = ByteStream::from(body);
    while let Some(chunk) = chunks.next().await {
        bytes.extend_from_slice(&chunk?);
        if bytes.len() > limit {
            return Err(too_large(limit).into());
        }
    }
    Ok(bytes)
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::PayloadTooLarge, format!("The body may have at most {limit} bytes"))
        .with("field", "body")
        .with("limit", limit)
}
