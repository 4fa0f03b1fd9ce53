//! Rate limits by class; each class is a binding in wrangler.toml.
//!
//! The platform counts per location and approximately: the limits protect the objects, they are not a quota.

use std::{cell::RefCell, collections::HashSet};

use engine::{
    address::{self, RefusedAddresses},
    grant::{Grant, Holder},
    rate_limit::Class,
};
use protocol::problem::Code;
use worker::Env;

use crate::{js, request::IncomingRequest, response::ErrorResponse};

/// The binding that counts the requests of a class.
fn binding(class: Class) -> &'static str {
    match class {
        // Their keys differ, so that they are counted separately.
        Class::Reads | Class::Control => "READS_LIMIT",
        Class::Streams => "STREAMS_LIMIT",
        Class::AuthFailures => "AUTH_FAILURES_LIMIT",
    }
}

thread_local! {
    /// The platform's counter counts when it is asked, so each isolate remembers which addresses it has refused.
    static REFUSED: RefCell<RefusedAddresses> = RefCell::default();
}

/// Counts a request and refuses it past the limit of its class.
async fn check(env: &Env, class: Class, key: &str) -> Result<(), ErrorResponse> {
    match env.rate_limiter(binding(class))?.limit(key.to_owned()).await?.success {
        true => Ok(()),
        false => Err(class.problem().into()),
    }
}

/// Refuses an address from which too many requests failed to authenticate. It is checked before a credential is verified:
/// verification costs time, and its result would be an answer to a guess.
pub(crate) fn check_address(request: &IncomingRequest) -> Result<(), ErrorResponse> {
    REFUSED.with_borrow(|refused| {
        let is_refused = !refused.is_empty() && refused.contains(&address(request), js::now().millis());
        if is_refused { Err(Class::AuthFailures.problem().into()) } else { Ok(()) }
    })
}

/// Counts a request that failed to authenticate; past the limit its address is refused for a while.
pub(crate) async fn count_failure(env: &Env, request: &IncomingRequest) -> Result<(), ErrorResponse> {
    let address = address(request);
    let counted = check(env, Class::AuthFailures, &address).await;
    if counted.as_ref().is_err_and(|error| error.problem().code() == Code::RateLimitExceeded) {
        let now_ms = js::now().millis();
        REFUSED.with_borrow_mut(|refused| refused.refuse(&address, now_ms));
    }
    counted
}

/// Counts a read of a job.
pub(crate) async fn check_read(
    env: &Env,
    request: &IncomingRequest,
    grant: &Grant,
    job_id: &str,
) -> Result<(), ErrorResponse> {
    check(env, Class::Reads, &key_of_job(request, grant, job_id)).await
}

/// Counts a control request to a job.
pub(crate) async fn check_control(
    env: &Env,
    request: &IncomingRequest,
    grant: &Grant,
    job_id: &str,
) -> Result<(), ErrorResponse> {
    check(env, Class::Control, &format!("control {}", key_of_job(request, grant, job_id))).await
}

fn key_of_job(request: &IncomingRequest, grant: &Grant, job_id: &str) -> String {
    let holder = &grant.holder;
    match holder {
        Holder::Key { .. } => format!("{holder} {job_id}"),
        // Every reader of a public page has the same token: one reader must not use up the limit of the others.
        Holder::Token { .. } => format!("{holder} {job_id} {}", address(request)),
    }
}

/// Counts the opening of a stream.
pub(crate) async fn check_stream(env: &Env, request: &IncomingRequest, grant: &Grant) -> Result<(), ErrorResponse> {
    match &grant.holder {
        Holder::Key { .. } => Ok(()),
        holder @ Holder::Token { .. } => check(env, Class::Streams, &format!("{holder} {}", address(request))).await,
    }
}

/// Counts the opening of one stream for every credential of it.
pub(crate) async fn check_streams<'a>(
    env: &Env,
    request: &IncomingRequest,
    grants: impl IntoIterator<Item = &'a Grant>,
) -> Result<(), ErrorResponse> {
    let mut counted = HashSet::new();
    for grant in grants {
        if counted.insert(grant.holder.to_string()) {
            check_stream(env, request, grant).await?;
        }
    }
    Ok(())
}

/// The caller's network, by the address that Cloudflare passes.
pub(crate) fn address(request: &IncomingRequest) -> String {
    address::network(&request.header("CF-Connecting-IP").unwrap_or_default())
}
