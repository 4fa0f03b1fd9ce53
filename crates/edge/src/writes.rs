//! Calls that change a job: creation, reports, deletion.

use engine::{grant::Grant, permission::Permission};
use protocol::{
    Problem,
    answer::{Access, Links},
    creation::Creation,
    id::JobId,
    limits::{REPORT_BYTES, REPORTS_BYTES},
};

use crate::{
    answer::{self, Answer, Refusal, joined, text_of},
    auth,
    call::{JobCall, Reply},
    door::Visit,
    js,
    request::{Body, Query},
    tokens,
};

/// `POST /v2/jobs`.
pub(crate) async fn create(visit: &mut Visit) -> Answer {
    let grant = auth::grant(visit).await?;
    Query::of(&visit.request, &[])?;
    let body = Body::read(&mut visit.request, REPORT_BYTES, false).await?;
    let creation = Creation::from_json(body.json()?)?;
    grant.authorize(Permission::Write, creation.job_id.as_ref()).map_err(Problem::from)?;
    let id = creation.job_id.unwrap_or_else(|| JobId::generate(js::now(), js::random()));
    let reply = JobCall::new(&visit.env, &grant, id.clone())?.create(body).await?;
    finish(visit, &grant, &id, reply, true)
}

/// `POST /v2/jobs/{id}/reports`.
pub(crate) async fn report(visit: &mut Visit, job: &str) -> Answer {
    let (grant, id) = auth::allow(visit, Permission::Write, job).await?;
    let create = Query::of(&visit.request, &["create"])?.flag("create")?;
    if create && JobId::parse_new(id.as_str()).is_none() {
        let message = "must hold no `:` here; only the Tensorlake path makes such a job";
        return Err(Problem::invalid("jobId", message).into());
    }
    let body = Body::read(&mut visit.request, REPORTS_BYTES, true).await?;
    report_to(visit, &grant, id, body, create).await
}

/// Reports to a job, whatever path led there.
pub(crate) async fn report_to(visit: &Visit, grant: &Grant, id: JobId, body: Body, create: bool) -> Answer {
    // Read here already, so that bad input wakes no object.
    body.reports()?;
    let reply = JobCall::new(&visit.env, grant, id.clone())?.report(body, create).await?;
    finish(visit, grant, &id, reply, false)
}

/// `DELETE /v2/jobs/{id}`.
pub(crate) async fn delete(visit: &mut Visit, job: &str) -> Answer {
    let (grant, id) = auth::allow(visit, Permission::Admin, job).await?;
    Query::of(&visit.request, &[])?;
    match JobCall::new(&visit.env, &grant, id)?.delete().await?.success() {
        Ok(_) => Ok(answer::empty(204)),
        Err(refused) => Ok(refused),
    }
}

/// The object's reply as an answer; who made the job, or made it before by the same request, gets the way to it too.
fn finish(visit: &Visit, grant: &Grant, id: &JobId, reply: Reply, created: bool) -> Answer {
    let reply = match reply.success() {
        Ok(reply) => reply,
        Err(refused) => return Ok(refused),
    };
    let response = if created || reply.status == 201 {
        let access = access(visit, grant, id)?;
        answer::json_text(reply.status, joined(&reply.text, &text_of(&access)))
    } else {
        answer::json_text(reply.status, reply.text)
    };
    for (name, value) in &reply.insights {
        answer::set(response.headers(), name, value);
    }
    Ok(response)
}

fn access(visit: &Visit, grant: &Grant, id: &JobId) -> Result<Access, Refusal> {
    let token = tokens::to_read(visit, grant, id)?;
    let origin = visit.request.url()?.origin().ascii_serialization();
    let base = format!("{origin}/v2/jobs/{id}");
    let links = Links {
        status: format!("{base}/status"),
        stream: format!("{base}/status/stream"),
        reports: format!("{base}/reports"),
        page: token.as_ref().map(|token| format!("{origin}/job#{id}&{token}")),
    };
    Ok(Access { links, token })
}
