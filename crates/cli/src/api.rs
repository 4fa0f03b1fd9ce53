//! HTTP calls of the API. A response that is not a success is a [`Failure`].

use std::{
    cell::Cell,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use protocol::{Timestamp, problem::Code};
use serde_json::Value;
use ureq::{Agent, Body, http};

use crate::{
    exit::Exit,
    failure::{Failure, Refusal},
    output::{Output, printable},
    settings::Server,
};

/// The longest time to a response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum bytes of a response: a batch of documents, and a margin.
const RESPONSE_BYTES: u64 = 16 * 1024 * 1024;

/// The API of a server.
#[derive(Debug)]
pub(crate) struct Api {
    agent: Agent,
    server: Server,
    /// The `Date` of the last response.
    date: Cell<Option<SystemTime>>,
}

impl Api {
    /// The API of `server`.
    pub(crate) fn new(server: Server) -> Api {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(RESPONSE_TIMEOUT))
            .user_agent(concat!("jp/", env!("CARGO_PKG_VERSION")))
            .build();
        Api { agent: config.into(), server, date: Cell::new(None) }
    }

    /// Sends a `GET`; `path` begins with a slash and can have a query.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send("GET", path, None)
    }

    /// Sends a `POST` of JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send("POST", path, Some(body))
    }

    /// Sends a `DELETE`.
    pub(crate) fn delete(&self, path: &str) -> Result<(), Failure> {
        self.send("DELETE", path, None).map(drop)
    }

    /// The time by the server's clock at the last response; by this device's clock if there was none.
    pub(crate) fn server_time(&self) -> Timestamp {
        let since = self.date.get().unwrap_or_else(SystemTime::now).duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// Sends a request and returns the JSON of the response, null if it has no body.
    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let url = format!("{}{path}", self.server.url);
        let request = http::Request::builder()
            .method(method)
            .uri(&url)
            .header("Authorization", format!("Bearer {}", self.server.credential.expose()));
        let sent = match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json").body(body.to_string());
                request.map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
            }
            None => request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request)),
        };
        let no_response =
            |error: ureq::Error| Failure::NoResponse(format!("{} gives no response: {error}", self.server.url));
        let response = sent.map_err(no_response)?;
        let status = response.status();
        let date = response.headers().get("Date").and_then(|date| date.to_str().ok());
        self.date.set(date.and_then(|date| httpdate::parse_http_date(date).ok()));
        let text = read(response).map_err(no_response)?;
        if status == http::StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let body: Option<Value> = serde_json::from_str(&text).ok();
        match body {
            Some(body) if status.is_success() => Ok(body),
            body => Err(match body.as_ref().and_then(Refusal::from_body) {
                Some(refusal) => Failure::Refused(refusal),
                None => Failure::NoResponse(format!(
                    "{} did not answer as a job-progress server does (HTTP {}): check JOB_PROGRESS_URL",
                    self.server.url,
                    status.as_u16()
                )),
            }),
        }
    }
}

fn read(response: http::Response<Body>) -> Result<String, ureq::Error> {
    response.into_body().into_with_config().limit(RESPONSE_BYTES).lossy_utf8(true).read_to_string()
}

/// Prints the entries of `errors` in a response about many jobs; the exit code that they cause.
pub(crate) fn refusals(response: &Value, output: Output) -> Exit {
    refusals_if(response, output, |_| true)
}

/// The same for jobs that the caller has not named: one that does not exist any more is no error.
pub(crate) fn refusals_of_listed(response: &Value, output: Output) -> Exit {
    refusals_if(response, output, |refusal| refusal.code != Code::JobNotFound.as_str())
}

fn refusals_if(response: &Value, output: Output, is_error: impl Fn(&Refusal) -> bool) -> Exit {
    let mut exit = Exit::Success;
    for error in response.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let Some(refusal) = Refusal::from_body(error).filter(&is_error) else { continue };
        let job = error.get("jobId").and_then(Value::as_str).unwrap_or_default();
        output.notice(format_args!("jp: {}: {refusal}", printable(job)));
        exit = Exit::Refused;
    }
    exit
}
