//! The paths of the two other APIs: thin views of the same jobs.

use engine::{flask, grant::Grant, permission::Permission};
use protocol::{Problem, id::JobId, include::Include};

use crate::{
    answer::{self, Answer, Refusal},
    auth,
    call::JobCall,
    door::Visit,
    limit,
    request::Query,
    writes,
};

/// The grant of the request's credential, if it covers the job that the Tensorlake API names by two ids; and its id.
async fn allow(
    visit: &mut Visit,
    need: Permission,
    application: &str,
    request: &str,
) -> Result<(Grant, JobId), Refusal> {
    let grant = auth::grant(visit).await?;
    let id = JobId::pair(application, request).ok_or_else(|| {
        let wrong = if JobId::parse_new(application).is_none() { "application" } else { "request_id" };
        Problem::invalid(wrong, format_args!("must be {}", JobId::FORM))
    })?;
    grant.authorize(need, Some(&id)).map_err(Problem::from)?;
    Ok((grant, id))
}

/// `GET /applications/{application}/requests/{request_id}/progress`.
pub(crate) async fn read_progress(visit: &mut Visit, application: &str, request: &str) -> Answer {
    let (grant, id) = allow(visit, Permission::Read, application, request).await?;
    Query::of(&visit.request, &[])?;
    limit::check_read(visit, &grant, id.as_str()).await?;
    match JobCall::new(&visit.env, &grant, id).document(Include::NONE, "tensorlake").await?.success() {
        Ok(reply) => Ok(answer::json_text(200, &reply.text)),
        Err(refused) => Ok(refused),
    }
}

/// `POST /applications/{application}/requests/{request_id}/progress`.
pub(crate) async fn report_progress(visit: &mut Visit, application: &str, request: &str) -> Answer {
    let (grant, id) = allow(visit, Permission::Write, application, request).await?;
    Query::of(&visit.request, &[])?;
    writes::report_to(visit, &grant, id, true).await
}

/// `GET /api/task-status/{task_id}`.
pub(crate) async fn task_status(visit: &mut Visit, task: &str) -> Answer {
    let grant = auth::grant(visit).await?;
    // Flask's readers know one body for a task that is not there, whatever its id looks like.
    let Some(id) = JobId::parse(task) else { return Ok(answer::json_text(404, flask::NOT_FOUND)) };
    grant.authorize(Permission::Read, Some(&id)).map_err(Problem::from)?;
    Query::of(&visit.request, &[])?;
    limit::check_read(visit, &grant, id.as_str()).await?;
    match JobCall::new(&visit.env, &grant, id).document(Include::NONE, "flask").await?.success() {
        Ok(reply) => Ok(answer::json_text(200, &reply.text)),
        Err(refused) if refused.status() == 404 => Ok(answer::json_text(404, flask::NOT_FOUND)),
        Err(refused) => Ok(refused),
    }
}
