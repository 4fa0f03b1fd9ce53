//! Calls that change a job: creation, reports, deletion.

use engine::{grant::Grant, permission::Permission};
use protocol::{
    Problem,
    answer::{Access, Links},
    creation::Creation,
    id::JobId,
    limits::{REPORT_BYTES, REPORTS_BYTES},
};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use crate::{
    answer::{self, Answer, Refusal, joined, text_of},
    auth,
    call::{self, INSIGHTS, JobCall},
    context::RequestContext,
    crossing, js,
    request::{Announced, Body, Query},
    tokens,
};

/// `POST /v2/jobs`.
pub(crate) async fn create(ctx: &mut RequestContext) -> Answer {
    let grant = auth::grant(ctx).await?;
    Query::of(&ctx.request, &[])?;
    let body = Body::read(&ctx.request, REPORT_BYTES).await?;
    let creation = Creation::from_json(body.json()?)?;
    grant.authorize(Permission::Write, creation.job_id.as_ref()).map_err(Problem::from)?;
    let id = creation.job_id.unwrap_or_else(|| JobId::generate(js::now(), js::random()));
    let reply = JobCall::new(&ctx.env, &grant, id.clone()).create(&body.bytes).await?;
    finish(ctx, &grant, &id, &reply, reply.status() < 400).await
}

/// `POST /v2/jobs/{id}/reports`.
pub(crate) async fn report(ctx: &mut RequestContext, job: &str) -> Answer {
    let grant = auth::grant(ctx).await?;
    let (id, create) = asked(ctx, &grant, job)?;
    report_to(ctx, &grant, id, create).await
}

/// The same, if nothing is wrong with it and its length is told: who reports, and the call that it is.
pub(crate) fn straight_on(ctx: &RequestContext, job: &str) -> Option<(Grant, JobCall, String)> {
    let grant = auth::believe(ctx).ok()?.ok()?;
    let (id, create) = asked(ctx, &grant, job).ok()?;
    let announced = Announced::of(&ctx.request, REPORTS_BYTES, true).ok()?;
    announced.bytes?;
    let call = JobCall::new(&ctx.env, &grant, id);
    let url = call.report_url(&announced, create);
    Some((grant, call, url))
}

/// The job that is reported to, and whether it may be made.
fn asked(ctx: &RequestContext, grant: &Grant, job: &str) -> Result<(JobId, bool), Refusal> {
    let id = auth::cover(grant, Permission::Write, job)?;
    let create = Query::of(&ctx.request, &["create"])?.flag("create")?;
    if create && JobId::parse_new(id.as_str()).is_none() {
        let message = "must hold no `:` here; only the Tensorlake path makes such a job";
        return Err(Problem::invalid("jobId", message).into());
    }
    Ok((id, create))
}

/// Reports to a job, whatever path led there. The object reads the body, once, and says what is wrong with it.
pub(crate) async fn report_to(ctx: &mut RequestContext, grant: &Grant, id: JobId, create: bool) -> Answer {
    let reply = match ctx.said.take() {
        Some(said) => said.map_err(|error| call::refuse(&error))?,
        None => {
            let announced = Announced::of(&ctx.request, REPORTS_BYTES, true)?;
            JobCall::new(&ctx.env, grant, id.clone()).report(&ctx.request, &announced, create).await?
        }
    };
    finish(ctx, grant, &id, &reply, reply.status() == 201).await
}

/// The object's reply as an answer; who made the job, or made it before by the same request, gets the way to it too.
async fn finish(ctx: &RequestContext, grant: &Grant, id: &JobId, reply: &Response, made: bool) -> Answer {
    let answer = if made {
        let text = JsFuture::from(reply.text()?).await?.as_string().unwrap_or_default();
        answer::json_text(reply.status(), &joined(&text, &access(ctx, grant, id)?))
    } else {
        crossing::pass_on(reply)
    };
    if ctx.config.dev && reply.status() < 400 {
        for name in INSIGHTS {
            if let Some(value) = reply.headers().get(name)? {
                answer::set(&answer.headers(), name, &value);
            }
        }
    }
    Ok(answer)
}

/// `DELETE /v2/jobs/{id}`.
pub(crate) async fn delete(ctx: &mut RequestContext, job: &str) -> Answer {
    let (grant, id) = auth::allow(ctx, Permission::Admin, job).await?;
    Query::of(&ctx.request, &[])?;
    match JobCall::new(&ctx.env, &grant, id).delete().await?.success() {
        Ok(_) => Ok(answer::empty(204)),
        Err(refused) => Ok(refused),
    }
}

/// What creation adds to an answer: where the job is found, and a token if the credential may mint one.
fn access(ctx: &RequestContext, grant: &Grant, id: &JobId) -> Result<String, Refusal> {
    let token = tokens::to_read(ctx, grant, id)?;
    let origin = ctx.request.url()?.origin().ascii_serialization();
    let base = format!("{origin}/v2/jobs/{id}");
    let links = Links {
        status: format!("{base}/status"),
        stream: format!("{base}/status/stream"),
        reports: format!("{base}/reports"),
        page: token.as_ref().map(|token| format!("{origin}/job#{id}&{token}")),
    };
    Ok(text_of(&Access { links, token }))
}
