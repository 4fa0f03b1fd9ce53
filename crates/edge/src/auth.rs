//! Authentication and authorization of a request, before any object is called.

use engine::{
    credential::{Credential, Unauthenticated},
    grant::Grant,
    permission::Permission,
};
use protocol::{Problem, id::JobId};

use crate::{context::RequestContext, js, limit, request::IncomingRequest, response::ErrorResponse};

/// Why a credential gives no grant.
pub(crate) enum AuthError {
    /// The credential is missing or not valid; [`reject_unauthenticated`] makes the response.
    Unauthenticated(Unauthenticated),
    /// The request fails for another reason.
    Other(ErrorResponse),
}

impl From<Unauthenticated> for AuthError {
    fn from(error: Unauthenticated) -> AuthError {
        AuthError::Unauthenticated(error)
    }
}

impl From<ErrorResponse> for AuthError {
    fn from(error: ErrorResponse) -> AuthError {
        AuthError::Other(error)
    }
}

impl From<Problem> for AuthError {
    fn from(problem: Problem) -> AuthError {
        AuthError::Other(problem.into())
    }
}

/// The grant of the request's credential.
pub(crate) async fn grant(ctx: &mut RequestContext) -> Result<Grant, ErrorResponse> {
    match authenticate(ctx) {
        Ok(grant) => {
            ctx.holder = Some(grant.holder.to_string());
            Ok(grant)
        }
        Err(AuthError::Unauthenticated(unauthenticated)) => Err(reject_unauthenticated(ctx, unauthenticated).await),
        Err(AuthError::Other(error)) => Err(error),
    }
}

/// Authenticates the request's credential, as of the request's arrival: the slow path decides as the fast path did.
pub(crate) fn authenticate(ctx: &RequestContext) -> Result<Grant, AuthError> {
    // A missing configuration precedes a wrong credential: no credential could be right.
    let access = ctx.config.access()?;
    limit::check_address(ctx)?;
    let token = ctx.request.query_token()?;
    let credential = Credential::from_request(ctx.request.authorization(), token.as_deref())?;
    Ok(access.authenticate(credential, ctx.began)?)
}

/// Authenticates a token in the body of the request.
pub(crate) fn authenticate_body(ctx: &RequestContext, token: &str) -> Result<Grant, AuthError> {
    let access = ctx.config.access()?;
    Ok(access.authenticate(Credential::from_body(token)?, js::now())?)
}

/// The grant of the request's credential, if it has the permission `need`; the jobs themselves are authorized later.
pub(crate) async fn grant_with(ctx: &mut RequestContext, need: Permission) -> Result<Grant, ErrorResponse> {
    let grant = grant(ctx).await?;
    if !grant.permissions.contains(need) {
        grant.authorize(need, None).map_err(Problem::from)?;
    }
    Ok(grant)
}

/// The grant of the request's credential and the id of the job, if the grant covers `need` on that job.
pub(crate) async fn authenticate_and_authorize(
    ctx: &mut RequestContext,
    need: Permission,
    job: &str,
) -> Result<(Grant, JobId), ErrorResponse> {
    let grant = grant(ctx).await?;
    let id = authorize_job(&grant, need, job)?;
    Ok((grant, id))
}

/// The id of the job, if the grant covers `need` on that job.
pub(crate) fn authorize_job(grant: &Grant, need: Permission, job: &str) -> Result<JobId, Problem> {
    let id = JobId::parse(job).ok_or_else(|| Problem::invalid("jobId", format_args!("must be {}", JobId::FORM)))?;
    grant.authorize(need, Some(&id))?;
    Ok(id)
}

/// Whether the caller is a native `EventSource`, which sends no headers and stops for good at any status except 200.
pub(crate) fn is_native(request: &IncomingRequest) -> bool {
    matches!(request.query_token(), Ok(Some(_)))
}

/// The 401 of an unauthenticated caller, or the 429 of an address that has failed to authenticate too often.
pub(crate) async fn reject_unauthenticated(ctx: &RequestContext, unauthenticated: Unauthenticated) -> ErrorResponse {
    match limit::count_failure(ctx).await {
        Ok(()) => ErrorResponse::from(Problem::from(unauthenticated))
            .with_header("WWW-Authenticate", unauthenticated.challenge()),
        Err(too_often) => too_often,
    }
}
