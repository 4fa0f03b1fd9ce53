//! HTTP requests of a producer.

use std::{fmt, sync::Arc, time::Duration};

use serde_json::Value;
use ureq::{Agent, Body, http};

use crate::{answer::Answer, machine::Request};

/// The longest time to a response to reports.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time to a response to a request that waits for control requests: its wait, and a margin.
const WAIT_TIMEOUT: Duration = Duration::from_secs(40);
/// Most bytes of a response: the document of a new job, or the results of all items, each with a problem.
const RESPONSE_BYTES: u64 = 4 * 1024 * 1024;

/// The server, with the credential for it. `Debug` does not show the credential.
#[derive(Clone)]
pub(crate) struct Server {
    agent: Agent,
    base_url: Arc<str>,
    authorization: Arc<str>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Server {
    /// The server at `base_url`, which has no slash at its end.
    pub(crate) fn new(base_url: &str, credential: &str) -> Server {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("job-progress-rust/", env!("CARGO_PKG_VERSION")))
            .build();
        let authorization = format!("Bearer {credential}");
        Server { agent: config.into(), base_url: base_url.into(), authorization: authorization.into() }
    }

    /// Sends a request and reads its answer; `None` is no response, or one that was cut.
    pub(crate) fn send(&self, request: &Request) -> Option<Answer> {
        let uri = format!("{}{}", self.base_url, request.path);
        let response = match &request.body {
            Some(body) => {
                let post = self.agent.post(uri).config().timeout_global(Some(RESPONSE_TIMEOUT)).build();
                let post = post.header("authorization", &*self.authorization);
                post.header("content-type", "application/json").send(body.as_str())
            }
            None => {
                let get = self.agent.get(uri).config().timeout_global(Some(WAIT_TIMEOUT)).build();
                let get = get.header("authorization", &*self.authorization);
                match &request.if_none_match {
                    Some(etag) => get.header("if-none-match", etag).call(),
                    None => get.call(),
                }
            }
        };
        response.and_then(read).ok()
    }
}

fn read(response: http::Response<Body>) -> Result<Answer, ureq::Error> {
    let header = |name: &str| response.headers().get(name)?.to_str().ok();
    let retry_after = header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    let etag = header("etag").map(str::to_owned);
    let status = response.status().as_u16();
    let body = response.into_body().into_with_config().limit(RESPONSE_BYTES).read_to_vec()?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Answer { status, retry_after, etag, body })
}
