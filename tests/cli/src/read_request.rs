//! A request of a case, as far as the native reader can make it.

use contract::http::Request;
use protocol::{id::JobId, include::Include};
use serde_json::Value;

/// The jobs that a request of a case reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRequest {
    /// The credential of the request.
    pub credential: Option<String>,
    /// Each job with its token and what its documents include.
    pub jobs: Vec<(JobId, Option<String>, Include)>,
    /// Whether it requests a stream of one job, whose frames have ids.
    pub is_of_one: bool,
}

impl ReadRequest {
    /// The stream that a request opens. `None` if the reader cannot request it so: it has cursors of its own.
    pub fn of_stream(request: &Request) -> Option<ReadRequest> {
        let path = request.path.split('?').next()?;
        if path == "/v2/jobs/status/stream" { many(request) } else { one(request, "/status/stream") }
    }

    /// The status that a request reads. `None` if the reader cannot request it so.
    pub fn of_status(request: &Request) -> Option<ReadRequest> {
        one(request, "/status").filter(|_| request.method == "GET")
    }
}

/// A request for one job, whose path ends with `end`.
fn one(request: &Request, end: &str) -> Option<ReadRequest> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let id = decoded(path.strip_prefix("/v2/jobs/")?.strip_suffix(end)?)?;
    let Parameters { token, include, others } = Parameters::parse(query)?;
    let credential = credential(request, token)?;
    let jobs = vec![(JobId::parse(&id)?, None, include)];
    others.is_empty().then_some(ReadRequest { credential, jobs, is_of_one: true })
}

/// A request for many jobs.
fn many(request: &Request) -> Option<ReadRequest> {
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let Parameters { token, include, others } = Parameters::parse(query)?;
    let credential = credential(request, token)?;
    let mut jobs = Vec::new();
    if let Some(body) = &request.body {
        let body: Value = serde_json::from_slice(body).ok()?;
        for job in body.get("jobs")?.as_array()? {
            if job.get("cursor").is_some_and(|cursor| !cursor.is_null()) {
                return None;
            }
            let names = job.get("include").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let include = Include::parse(names.iter().filter_map(Value::as_str)).ok()?;
            let token = job.get("token").and_then(Value::as_str).map(str::to_owned);
            jobs.push((JobId::parse(job.get("jobId")?.as_str()?)?, token, include));
        }
    }
    for (name, value) in others {
        for id in value.split(',').filter(|_| name == "jobIds") {
            let id = JobId::parse(id)?;
            if jobs.iter().all(|(known, ..)| *known != id) {
                jobs.push((id, None, include));
            }
        }
        if name != "jobIds" {
            return None;
        }
    }
    Some(ReadRequest { credential, jobs, is_of_one: false })
}

/// The credential of a request, `None` if a header asks for what the reader asks for in its own way.
fn credential(request: &Request, token: Option<String>) -> Option<Option<String>> {
    let mut credential = token;
    for (name, value) in &request.headers {
        match name.to_ascii_lowercase().as_str() {
            "authorization" => credential = value.strip_prefix("Bearer ").map(str::to_owned),
            "accept" | "origin" | "content-type" => {}
            _ => return None,
        }
    }
    Some(credential)
}

/// The parameters of a query.
struct Parameters {
    token: Option<String>,
    include: Include,
    others: Vec<(String, String)>,
}

impl Parameters {
    /// Parses a query; `None` if it has an unknown `include`.
    fn parse(query: &str) -> Option<Parameters> {
        let (mut token, mut include, mut others) = (None, Vec::new(), Vec::new());
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = decoded(value)?;
            match name {
                "token" => token = Some(value),
                "include" => include.push(value),
                _ => others.push((name.to_owned(), value)),
            }
        }
        let include = Include::parse(include.iter().map(String::as_str)).ok()?;
        Some(Parameters { token, include, others })
    }
}

/// The text without percent-encoding.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = rest.get(2..)?;
    }
    String::from_utf8(bytes).ok()
}
