//! Rate limits by class, each a binding in wrangler.toml.
//!
//! The platform counts a location at a time and roughly: a shield before the objects, not an account.

use engine::grant::{Grant, Holder};
use protocol::{
    Problem,
    limits::{AUTH_FAILURES_PER_MINUTE, READS_PER_MINUTE, STREAMS_PER_MINUTE},
    problem::Code,
};
use worker::Env;

use crate::{answer::Refusal, incoming::Incoming};

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Status, batch, logs: for a credential and job, for a token also for an address.
    Reads,
    /// Streams opened: for a token and address; none for keys.
    Streams,
    /// Failed authentication: for an address.
    AuthFailures,
}

impl Class {
    fn binding(self) -> &'static str {
        match self {
            Class::Reads => "READS_LIMIT",
            Class::Streams => "STREAMS_LIMIT",
            Class::AuthFailures => "AUTH_FAILURES_LIMIT",
        }
    }

    fn limit(self) -> u64 {
        match self {
            Class::Reads => READS_PER_MINUTE,
            Class::Streams => STREAMS_PER_MINUTE,
            Class::AuthFailures => AUTH_FAILURES_PER_MINUTE,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Class::Reads => "Too many status check requests",
            Class::Streams => "Too many streams opened",
            Class::AuthFailures => "Too many requests with a credential that is not valid",
        }
    }
}

/// The window of every class, in seconds.
const WINDOW_SECONDS: u64 = 60;

/// Counts a request, and refuses it past the limit.
pub(crate) async fn check(env: &Env, class: Class, key: &str) -> Result<(), Refusal> {
    if env.rate_limiter(class.binding())?.limit(key.to_owned()).await?.success {
        return Ok(());
    }
    let problem = Problem::new(Code::RateLimitExceeded, class.message())
        .with("limit", class.limit())
        .with("window", "1m")
        .with("retryAfter", WINDOW_SECONDS)
        .with("recommendation", "Use webhooks or SSE for real-time updates");
    Err(Refusal::from(problem).with_header("Retry-After", WINDOW_SECONDS.to_string()))
}

/// Counts the read of a job.
pub(crate) async fn check_read(env: &Env, request: &Incoming, grant: &Grant, job_id: &str) -> Result<(), Refusal> {
    let holder = &grant.holder;
    match holder {
        Holder::Key { .. } => check(env, Class::Reads, &format!("{holder} {job_id}")).await,
        Holder::Token { .. } => {
            // A token is as public as its page: its readers must not lock each other out.
            let address = address(request);
            check(env, Class::Reads, &format!("{holder} {job_id} {address}")).await
        }
    }
}

/// Counts the opening of a stream.
pub(crate) async fn check_stream(env: &Env, request: &Incoming, grant: &Grant) -> Result<(), Refusal> {
    match &grant.holder {
        Holder::Key { .. } => Ok(()),
        holder @ Holder::Token { .. } => check(env, Class::Streams, &format!("{holder} {}", address(request))).await,
    }
}

/// The caller's address, as Cloudflare tells it.
pub(crate) fn address(request: &Incoming) -> String {
    request.header("CF-Connecting-IP").unwrap_or_default()
}
