//! Rate limits by class; each class is a binding in wrangler.toml.
//!
//! The platform counts per location and approximately: the limits protect the objects, they are not a quota.

use engine::grant::{Grant, Holder};
use protocol::{
    Problem,
    limits::{AUTH_FAILURES_PER_MINUTE, READS_PER_MINUTE, STREAMS_PER_MINUTE},
    problem::Code,
};
use worker::Env;

use crate::{
    request::IncomingRequest,
    response::{ErrorResponse, WINDOW_SECONDS},
};

/// The requests that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Status, logs and each job of a batch: per credential and job, for a token also per address.
    Reads,
    /// Opened streams: per token and address; streams of keys are not counted.
    Streams,
    /// Failed authentication: per address.
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

/// Counts a request and refuses it past the limit of its class.
pub(crate) async fn check(env: &Env, class: Class, key: &str) -> Result<(), ErrorResponse> {
    if env.rate_limiter(class.binding())?.limit(key.to_owned()).await?.success {
        return Ok(());
    }
    let problem = Problem::new(Code::RateLimitExceeded, class.message())
        .with("limit", class.limit())
        .with("window", "1m")
        .with("retryAfter", WINDOW_SECONDS)
        .with("recommendation", "Use webhooks or SSE for real-time updates");
    Err(problem.into())
}

/// Counts a read of a job.
pub(crate) async fn check_read(
    env: &Env,
    request: &IncomingRequest,
    grant: &Grant,
    job_id: &str,
) -> Result<(), ErrorResponse> {
    let holder = &grant.holder;
    let key = match holder {
        Holder::Key { .. } => format!("{holder} {job_id}"),
        // Every reader of a public page has the same token: one reader must not use up the limit of the others.
        Holder::Token { .. } => format!("{holder} {job_id} {}", address(request)),
    };
    check(env, Class::Reads, &key).await
}

/// Counts the opening of a stream.
pub(crate) async fn check_stream(env: &Env, request: &IncomingRequest, grant: &Grant) -> Result<(), ErrorResponse> {
    match &grant.holder {
        Holder::Key { .. } => Ok(()),
        holder @ Holder::Token { .. } => check(env, Class::Streams, &format!("{holder} {}", address(request))).await,
    }
}

/// The caller's address, as Cloudflare passes it.
pub(crate) fn address(request: &IncomingRequest) -> String {
    request.header("CF-Connecting-IP").unwrap_or_default()
}
