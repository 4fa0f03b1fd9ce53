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

use crate::{context::RequestContext, js, metrics, response::ErrorResponse};

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
async fn check(ctx: &RequestContext, class: Class, key: &str) -> Result<(), ErrorResponse> {
    match ctx.env.rate_limiter(binding(class))?.limit(key.to_owned()).await?.success {
        true => Ok(()),
        false => Err(refusal(ctx, class)),
    }
}

/// The refusal of a request, which is counted.
fn refusal(ctx: &RequestContext, class: Class) -> ErrorResponse {
    if ctx.config.is_server() {
        metrics::count(|metrics| metrics.refused(class));
    }
    class.problem().into()
}

/// Refuses an address from which too many requests failed to authenticate. It is checked before a credential is verified:
/// verification costs time, and its result would be an answer to a guess.
pub(crate) fn check_address(ctx: &RequestContext) -> Result<(), ErrorResponse> {
    let is_refused =
        REFUSED.with_borrow(|refused| !refused.is_empty() && refused.contains(&network(ctx), js::now().millis()));
    if is_refused { Err(refusal(ctx, Class::AuthFailures)) } else { Ok(()) }
}

/// Counts a request that failed to authenticate; past the limit its address is refused for a while.
pub(crate) async fn count_failure(ctx: &RequestContext) -> Result<(), ErrorResponse> {
    let address = network(ctx);
    let counted = check(ctx, Class::AuthFailures, &address).await;
    if counted.as_ref().is_err_and(|error| error.problem().code() == Code::RateLimitExceeded) {
        let now_ms = js::now().millis();
        REFUSED.with_borrow_mut(|refused| refused.refuse(&address, now_ms));
    }
    counted
}

/// Counts a read of a job.
pub(crate) async fn check_read(ctx: &RequestContext, grant: &Grant, job_id: &str) -> Result<(), ErrorResponse> {
    check(ctx, Class::Reads, &key_of_job(ctx, grant, job_id)).await
}

/// Counts a control request to a job.
pub(crate) async fn check_control(ctx: &RequestContext, grant: &Grant, job_id: &str) -> Result<(), ErrorResponse> {
    check(ctx, Class::Control, &format!("control {}", key_of_job(ctx, grant, job_id))).await
}

fn key_of_job(ctx: &RequestContext, grant: &Grant, job_id: &str) -> String {
    let holder = &grant.holder;
    match holder {
        Holder::Key { .. } => format!("{holder} {job_id}"),
        // Every reader of a public page has the same token: one reader must not use up the limit of the others.
        Holder::Token { .. } => format!("{holder} {job_id} {}", network(ctx)),
    }
}

/// Counts the opening of a stream.
pub(crate) async fn check_stream(ctx: &RequestContext, grant: &Grant) -> Result<(), ErrorResponse> {
    match &grant.holder {
        Holder::Key { .. } => Ok(()),
        holder @ Holder::Token { .. } => check(ctx, Class::Streams, &format!("{holder} {}", network(ctx))).await,
    }
}

/// Counts the opening of one stream for every credential of it.
pub(crate) async fn check_streams<'a>(
    ctx: &RequestContext,
    grants: impl IntoIterator<Item = &'a Grant>,
) -> Result<(), ErrorResponse> {
    let mut counted = HashSet::new();
    for grant in grants {
        if counted.insert(grant.holder.to_string()) {
            check_stream(ctx, grant).await?;
        }
    }
    Ok(())
}

/// The caller's network.
pub(crate) fn network(ctx: &RequestContext) -> String {
    let RequestContext { request, config, .. } = ctx;
    let address = config.address_source.address(|name| request.header(name), || request.peer());
    address::network(&address.unwrap_or_default())
}
