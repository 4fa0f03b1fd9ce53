//! Who asks, and whether they may: decided before any object wakes.

use engine::{
    credential::{Credential, Unauthenticated},
    grant::Grant,
    permission::Permission,
};
use protocol::{Problem, id::JobId};

use crate::{
    answer::Refusal,
    context::RequestContext,
    incoming::Incoming,
    limit::{self, Class},
};

/// The grant of the request's credential.
pub(crate) async fn grant(ctx: &mut RequestContext) -> Result<Grant, Refusal> {
    match believe(ctx)? {
        Ok(grant) => {
            ctx.holder = Some(grant.holder.to_string());
            Ok(grant)
        }
        Err(unauthenticated) => Err(turn_away(ctx, unauthenticated).await),
    }
}

/// The grant of the request's credential; a request that goes straight on and comes back is believed as it was.
pub(crate) fn believe(ctx: &RequestContext) -> Result<Result<Grant, Unauthenticated>, Refusal> {
    // Unconfigured goes before unauthenticated: no credential could be right yet.
    let access = ctx.config.access()?;
    let token = query_token(&ctx.request)?;
    let credential = Credential::from_request(ctx.request.authorization(), token.as_deref());
    Ok(credential.and_then(|credential| access.authenticate(credential, ctx.began)))
}

/// The grant of the request's credential, if it may read at all; whether this or that job is asked later.
pub(crate) async fn allow_reading(ctx: &mut RequestContext) -> Result<Grant, Refusal> {
    let grant = grant(ctx).await?;
    if !grant.permissions.contains(Permission::Read) {
        grant.authorize(Permission::Read, None).map_err(Problem::from)?;
    }
    Ok(grant)
}

/// The grant of the request's credential, if it covers this job; and the job's id.
pub(crate) async fn allow(ctx: &mut RequestContext, need: Permission, job: &str) -> Result<(Grant, JobId), Refusal> {
    let grant = grant(ctx).await?;
    let id = cover(&grant, need, job)?;
    Ok((grant, id))
}

/// The job's id, if the grant covers it.
pub(crate) fn cover(grant: &Grant, need: Permission, job: &str) -> Result<JobId, Problem> {
    let id = JobId::parse(job).ok_or_else(|| Problem::invalid("jobId", format_args!("must be {}", JobId::FORM)))?;
    grant.authorize(need, Some(&id))?;
    Ok(id)
}

/// Whether the caller is a native `EventSource`, which can send no header and takes any status but 200 as the end.
pub(crate) fn is_native(request: &Incoming) -> bool {
    matches!(query_token(request), Ok(Some(_)))
}

fn query_token(request: &Incoming) -> Result<Option<String>, Refusal> {
    let url = request.url()?;
    let mut tokens = url.query_pairs().filter(|(name, _)| name == "token").map(|(_, value)| value.into_owned());
    match (tokens.next(), tokens.next()) {
        (token, None) => Ok(token),
        _ => Err(Problem::invalid("token", "stands there twice; send it once").into()),
    }
}

/// The 401 of a caller that has not shown who it is, or the 429 of one that has failed to too often.
pub(crate) async fn turn_away(ctx: &RequestContext, unauthenticated: Unauthenticated) -> Refusal {
    match limit::check(&ctx.env, Class::AuthFailures, &limit::address(&ctx.request)).await {
        Ok(()) => {
            Refusal::from(Problem::from(unauthenticated)).with_header("WWW-Authenticate", unauthenticated.challenge())
        }
        Err(too_often) => too_often,
    }
}
