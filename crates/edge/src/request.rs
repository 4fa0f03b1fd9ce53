//! Strangers' requests, read once at the door: ids, queries, bodies.

use futures_util::StreamExt as _;
use protocol::{
    Problem,
    include::Include,
    json,
    limits::REPORT_BYTES,
    problem::Code,
    report::{self, Reports},
};
use serde_json::Value;
use worker::Request;

use crate::answer::Refusal;

/// The parameters of a URL, in order, percent-decoded.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// The parameters of a request's URL; those that are not `known` are refused by name.
    pub(crate) fn of(request: &Request, known: &[&str]) -> Result<Query, Refusal> {
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

/// A body that was read whole, and of which kind it says it is.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    ndjson: bool,
}

impl Body {
    /// Reads a body of at most `limit` bytes.
    ///
    /// No Content-Type and `application/x-www-form-urlencoded`, which `curl -d` sends, are read as JSON.
    pub(crate) async fn read(request: &mut Request, limit: usize, ndjson_too: bool) -> Result<Body, Refusal> {
        let content_type = request.headers().get("Content-Type")?.unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let ndjson = match essence.as_str() {
            "" | "application/json" | "application/x-www-form-urlencoded" => false,
            NDJSON if ndjson_too => true,
            _ => {
                let supported: &[&str] = if ndjson_too { &["application/json", NDJSON] } else { &["application/json"] };
                let message = format!("Send the body as {}", supported.join(" or "));
                return Err(Problem::new(Code::UnsupportedMediaType, message)
                    .with("field", "Content-Type")
                    .with("supported", supported.to_vec())
                    .into());
            }
        };
        let announced = request.headers().get("Content-Length")?.and_then(|length| length.parse::<usize>().ok());
        if announced.is_some_and(|announced| announced > limit) {
            return Err(too_large(limit).into());
        }
        let bytes = match announced {
            // The runtime holds the body to its announced length.
            Some(_) => request.bytes().await?,
            None => bytes_up_to(request, limit).await?,
        };
        Ok(Body { bytes, ndjson })
    }

    /// The body as one JSON text.
    pub(crate) fn json(&self) -> Result<Value, Problem> {
        json::parse(&self.bytes)
    }

    /// The body as reports.
    pub(crate) fn reports(&self) -> Result<Reports, Problem> {
        if self.ndjson {
            return report::from_ndjson(&self.bytes);
        }
        let value = self.json()?;
        if !value.is_array() && self.bytes.len() > REPORT_BYTES {
            return Err(too_large(REPORT_BYTES));
        }
        report::from_body(value)
    }

    /// The kind of body the object is told of.
    pub(crate) fn media_type(&self) -> &'static str {
        if self.ndjson { NDJSON } else { "application/json" }
    }

    /// The body as the object gets it from the edge, which has held it to its limits; no length is announced there, and
    /// reading it piece by piece costs a turn of the event loop for each.
    pub(crate) async fn passed_on(request: &mut Request) -> Result<Body, Refusal> {
        let ndjson = request.headers().get("Content-Type")?.is_some_and(|kind| kind == NDJSON);
        Ok(Body { bytes: request.bytes().await?, ndjson })
    }
}

/// Reads a body of unknown length, and no more of it than it may have.
async fn bytes_up_to(request: &mut Request, limit: usize) -> Result<Vec<u8>, Refusal> {
    if request.inner().body().is_none() {
        return Ok(Vec::new());
    }
    let mut bytes = Vec::new();
    let mut chunks = request.stream()?;
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
