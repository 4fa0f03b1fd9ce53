//! `POST /v2/tokens`, and the token that comes with a created job.

use engine::{
    grant::{Grant, Scope},
    mint::MintRequest,
    permission::Permission,
};
use protocol::{id::JobId, limits::REPORT_BYTES};

use crate::{
    answer::{self, Answer, Refusal},
    auth,
    context::RequestContext,
    js,
    request::{Body, Query},
};

/// Mints a token.
pub(crate) async fn create(ctx: &mut RequestContext) -> Answer {
    let grant = auth::grant(ctx).await?;
    Query::of(&ctx.request, &[])?;
    let body = Body::read(&ctx.request, REPORT_BYTES).await?;
    let request = MintRequest::from_json(body.json()?)?;
    Ok(answer::json(200, &ctx.config.access()?.signer.mint(&request, &grant, js::now())?))
}

/// The token that reads a job, if the holder of `grant` may mint one: only who may read, and only with a key.
pub(crate) fn to_read(ctx: &RequestContext, grant: &Grant, job_id: &JobId) -> Result<Option<String>, Refusal> {
    if !grant.permissions.contains(Permission::Read) || grant.scope != Scope::Project {
        return Ok(None);
    }
    let minted = ctx.config.access()?.signer.mint(&MintRequest::read_only(job_id), grant, js::now())?;
    Ok(Some(minted.token))
}
