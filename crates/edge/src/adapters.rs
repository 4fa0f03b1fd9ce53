//! The handlers for the paths of the Tensorlake and Flask APIs: views of the same jobs.

use engine::{flask, grant::Grant, permission::Permission, tensorlake};
use protocol::{Problem, id::JobId, include::Include};

use crate::{
    auth,
    command::Creates,
    context::RequestContext,
    limit,
    response::{self, ErrorResponse, HandlerResult},
    stub::JobStub,
    writes,
};

/// The grant of the request's credential and the id of the job, if the grant covers `need` on the job that the Tensorlake
/// API names by two ids.
async fn authenticate_and_authorize(
    ctx: &mut RequestContext,
    need: Permission,
    application: &str,
    request: &str,
) -> Result<(Grant, JobId), ErrorResponse> {
    let grant = auth::grant(ctx).await?;
    let id = tensorlake::job_id(application, request)?;
    grant.authorize(need, Some(&id)).map_err(Problem::from)?;
    Ok((grant, id))
}

/// `GET /applications/{application}/requests/{request_id}/progress`.
pub(crate) async fn read_progress(ctx: &mut RequestContext, application: &str, request: &str) -> HandlerResult {
    let (grant, id) = authenticate_and_authorize(ctx, Permission::Read, application, request).await?;
    ctx.request.query(&[])?;
    limit::check_read(ctx, &grant, id.as_str()).await?;
    match JobStub::new(&ctx.env, &grant, id)?.document(Include::NONE, "tensorlake").await?.success() {
        Ok(reply) => Ok(response::json_text(200, &reply.text)),
        Err(error) => Ok(error),
    }
}

/// `POST /applications/{application}/requests/{request_id}/progress`.
pub(crate) async fn report_progress(ctx: &mut RequestContext, application: &str, request: &str) -> HandlerResult {
    let (grant, id) = authenticate_and_authorize(ctx, Permission::Write, application, request).await?;
    grant.authorize_creation(Some(&id)).map_err(Problem::from)?;
    ctx.request.query(&[])?;
    writes::report_to(ctx, &grant, id, Creates { missing: true, ..Creates::default() }).await
}

/// `GET /api/task-status/{task_id}`.
pub(crate) async fn task_status(ctx: &mut RequestContext, task: &str) -> HandlerResult {
    let grant = auth::grant(ctx).await?;
    // Readers of the Flask API know one body for an unknown task; it is sent for an invalid id too.
    let Some(id) = JobId::parse(task) else { return Ok(response::json_text(404, flask::NOT_FOUND)) };
    grant.authorize(Permission::Read, Some(&id)).map_err(Problem::from)?;
    ctx.request.query(&[])?;
    limit::check_read(ctx, &grant, id.as_str()).await?;
    match JobStub::new(&ctx.env, &grant, id)?.document(Include::NONE, "flask").await?.success() {
        Ok(reply) => Ok(response::json_text(200, &reply.text)),
        Err(error) if error.status() == 404 => Ok(response::json_text(404, flask::NOT_FOUND)),
        Err(error) => Ok(error),
    }
}
