//! `POST /v2/tokens`, and the token in the response to a creation.

use engine::{
    grant::{Grant, Scope},
    mint::MintRequest,
    permission::Permission,
};
use protocol::{id::JobId, limits::REPORT_BYTES};

use crate::{
    auth,
    body::Body,
    context::RequestContext,
    js,
    response::{self, ErrorResponse, HandlerResult},
};

/// Mints a token.
pub(crate) async fn create(ctx: &mut RequestContext) -> HandlerResult {
    let grant = auth::grant(ctx).await?;
    ctx.request.query(&[])?;
    let body = Body::read(&ctx.request, REPORT_BYTES).await?;
    let request = MintRequest::from_json(body.json()?)?;
    Ok(response::json(200, &ctx.config.access()?.signer.mint(&request, &grant, js::now())?))
}

/// A token that reads the job, if `grant` may mint it: a key that may read.
pub(crate) fn to_read(ctx: &RequestContext, grant: &Grant, job_id: &JobId) -> Result<Option<String>, ErrorResponse> {
    if !grant.permissions.contains(Permission::Read) || grant.scope != Scope::Project {
        return Ok(None);
    }
    let minted = ctx.config.access()?.signer.mint(&MintRequest::read_only(job_id), grant, js::now())?;
    Ok(Some(minted.token))
}
