//! The paths of the two other APIs: thin views of the same jobs.

use engine::{flask, grant::Grant, permission::Permission};
use protocol::{Problem, id::JobId, include::Include};

use crate::{
    answer::{self, Answer, Refusal},
    auth,
    call::JobCall,
    context::RequestContext,
    limit,
    request::Query,
    writes,
};

/// The grant of the request's credential, if it covers the job that the Tensorlake API names by two ids; and its id.
async fn allow(
    ctx: &mut RequestContext,
    need: Permission,
    application: &str,
    request: &str,
) -> Result<(Grant, JobId), Refusal> {
    let grant = auth::grant(ctx).await?;
    let id = JobId::pair(application, request).ok_or_else(|| {
        let wrong = if JobId::parse_new(application).is_none() { "application" } else { "request_id" };
        Problem::invalid(wrong, format_args!("must be {}", JobId::FORM))
    })?;
    grant.authorize(need, Some(&id)).map_err(Problem::from)?;
    Ok((grant, id))
}

/// `GET /applications/{application}/requests/{request_id}/progress`.
pub(crate) async fn read_progress(ctx: &mut RequestContext, application: &str, request: &str) -> Answer {
    let (grant, id) = allow(ctx, Permission::Read, application, request).await?;
    Query::of(&ctx.request, &[])?;
    limit::check_read(&ctx.env, &ctx.request, &grant, id.as_str()).await?;
    match JobCall::new(&ctx.env, &grant, id).document(Include::NONE, "tensorlake").await?.success() {
        Ok(reply) => Ok(answer::json_text(200, &reply.text)),
        Err(refused) => Ok(refused),
    }
}

/// `POST /applications/{application}/requests/{request_id}/progress`.
pub(crate) async fn report_progress(ctx: &mut RequestContext, application: &str, request: &str) -> Answer {
    let (grant, id) = allow(ctx, Permission::Write, application, request).await?;
    Query::of(&ctx.request, &[])?;
    writes::report_to(ctx, &grant, id, true).await
}

/// `GET /api/task-status/{task_id}`.
pub(crate) async fn task_status(ctx: &mut RequestContext, task: &str) -> Answer {
    let grant = auth::grant(ctx).await?;
    // Flask's readers know one body for a task that is not there, whatever its id looks like.
    let Some(id) = JobId::parse(task) else { return Ok(answer::json_text(404, flask::NOT_FOUND)) };
    grant.authorize(Permission::Read, Some(&id)).map_err(Problem::from)?;
    Query::of(&ctx.request, &[])?;
    limit::check_read(&ctx.env, &ctx.request, &grant, id.as_str()).await?;
    match JobCall::new(&ctx.env, &grant, id).document(Include::NONE, "flask").await?.success() {
        Ok(reply) => Ok(answer::json_text(200, &reply.text)),
        Err(refused) if refused.status() == 404 => Ok(answer::json_text(404, flask::NOT_FOUND)),
        Err(refused) => Ok(refused),
    }
}
