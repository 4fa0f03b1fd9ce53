//! The handlers that change a job: creation, reports, deletion.

use std::panic::AssertUnwindSafe;

use engine::{
    called::Called, children::ancestry::Ancestry, creation_answer::is_receipt, grant::Grant, permission::Permission,
};
use protocol::{
    Problem,
    answer::{Access, Links},
    creation,
    id::JobId,
    limits::REPORT_BYTES,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::Response;

use crate::{
    auth,
    body::{self, Body},
    command::{BROADCAST_HEADER, Creates, DEV_HEADERS},
    context::RequestContext,
    glue, js,
    response::{self, ErrorResponse, HandlerResult, merge_objects, text_of},
    stub::{self, JobStub},
    tokens,
};

/// `POST /v2/jobs`. The edge reads only the ids, to find the object and to ask that of the parent first; the object parses the body.
pub(crate) async fn create(ctx: &mut RequestContext) -> HandlerResult {
    let grant = auth::grant(ctx).await?;
    ctx.request.query(&[])?;
    let body = Body::read(&ctx.request, REPORT_BYTES).await?;
    let creation::Ids { job_id, parent_id } = creation::ids(&body.bytes)?;
    grant.authorize_creation(job_id.as_ref()).map_err(Problem::from)?;
    let id = job_id.unwrap_or_else(|| JobId::generate(js::now(), js::random()));
    if let Some(refused) = refused_as_child(ctx, &grant, &id, parent_id).await? {
        return Ok(refused);
    }
    let reply = JobStub::new(&ctx.env, &grant, id.clone())?.create(&body.bytes, is_receipt(&grant)).await?;
    finish(ctx, &grant, &id, &reply, reply.status() < 400).await
}

/// The refusal of a job with this parent, if it may not be created.
async fn refused_as_child(
    ctx: &RequestContext,
    grant: &Grant,
    id: &JobId,
    parent_id: Option<JobId>,
) -> Result<Option<Response>, ErrorResponse> {
    let Some(parent_id) = parent_id else { return Ok(None) };
    // A child changes its parent, so the credential has to cover that too.
    grant.authorize(Permission::Write, Some(&parent_id)).map_err(Problem::from)?;
    let ancestry = Ancestry::new(id.clone(), parent_id.clone());
    Ok(JobStub::new(&ctx.env, grant, parent_id)?.admit(&ancestry).await?.success().err())
}

/// `POST /v2/jobs/{id}/reports`.
pub(crate) async fn report(ctx: &mut RequestContext, job: &str) -> HandlerResult {
    let grant = auth::grant(ctx).await?;
    let (id, creates) = report_target(ctx, &grant, job)?;
    match creates.parent {
        Some(_) => report_as_child(ctx, &grant, id, creates).await,
        None => report_to(ctx, &grant, id, creates).await,
    }
}

/// Reports to a job that has a parent if the report creates it. A job that exists takes the report without its parent, which need
/// not be asked, nor be in reach.
async fn report_as_child(ctx: &RequestContext, grant: &Grant, id: JobId, creates: Creates) -> HandlerResult {
    // With a credential that does not cover the parent the request is wrong, whether the job exists or not.
    if let Some(parent) = &creates.parent {
        grant.authorize(Permission::Write, Some(parent)).map_err(Problem::from)?;
    }
    let headers = body::report_headers(&ctx.request)?;
    let bytes = body::read_reports(&ctx.request, &headers).await?;
    let stub = JobStub::new(&ctx.env, grant, id.clone())?;
    // A report that may replace the job is the first one of a run, as a rule.
    if !creates.ended {
        let reply = stub.report_bytes(&bytes, &headers, &Creates::default()).await?;
        if reply.status() != 404 {
            return finish(ctx, grant, &id, &reply, false).await;
        }
    }
    if let Some(refused) = refused_as_child(ctx, grant, &id, creates.parent.clone()).await? {
        return Ok(refused);
    }
    let reply = stub.report_bytes(&bytes, &headers, &creates).await?;
    finish(ctx, grant, &id, &reply, reply.status() == 201).await
}

/// The grant, the object and the URL of the same report, if nothing is wrong with it and its length is known.
pub(crate) fn fast_path(ctx: &RequestContext, job: &str) -> Option<(Grant, JobStub, String)> {
    let grant = auth::authenticate(ctx).ok()?;
    let (id, creates) = report_target(ctx, &grant, job).ok().filter(|(_, creates)| creates.parent.is_none())?;
    let headers = body::report_headers(&ctx.request).ok()?;
    headers.bytes?;
    let stub = JobStub::new(&ctx.env, &grant, id).ok()?;
    let url = stub.report_url(&headers, creates);
    Some((grant, stub, url))
}

/// The job of a report, and when the report may create it.
fn report_target(ctx: &RequestContext, grant: &Grant, job: &str) -> Result<(JobId, Creates), ErrorResponse> {
    let id = auth::authorize_job(grant, Permission::Write, job)?;
    let query = ctx.request.query(&["create", "replace", "parentId"])?;
    let (missing, ended) = (query.flag("create")?, query.replaces_ended()?);
    let parent = query.parent_id(&id, missing || ended)?;
    let creates = Creates { missing, ended, parent };
    if missing || ended {
        grant.authorize_creation(Some(&id)).map_err(Problem::from)?;
    }
    Ok((id, creates))
}

/// Reports to a job. The edge does not parse the body: the object does, and answers with what is wrong with it.
pub(crate) async fn report_to(ctx: &mut RequestContext, grant: &Grant, id: JobId, creates: Creates) -> HandlerResult {
    let reply = match ctx.early_reply.take() {
        Some(reply) => reply.map_err(|error| stub::call_error(Called::Job, &error))?,
        None => {
            let headers = body::report_headers(&ctx.request)?;
            JobStub::new(&ctx.env, grant, id.clone())?.report(&ctx.request, &headers, creates).await?
        }
    };
    finish(ctx, grant, &id, &reply, reply.status() == 201).await
}

/// Asks the object for its next broadcast when the reply says so, because it can set no timer itself.
pub(crate) fn broadcast_later(
    ctx: &RequestContext,
    grant: &Grant,
    id: &JobId,
    reply: &Response,
) -> Result<(), ErrorResponse> {
    if let Some(millis) = reply.headers().get(BROADCAST_HEADER)?.and_then(|millis| millis.parse().ok()) {
        let stub = JobStub::new(&ctx.env, grant, id.clone())?;
        let broadcast = async move {
            js::sleep(millis).await;
            // If it fails, the next change is sent all the same.
            let _ = stub.broadcast().await;
            Ok(JsValue::UNDEFINED)
        };
        ctx.platform.wait_until(&future_to_promise(AssertUnwindSafe(broadcast)))?;
    }
    Ok(())
}

/// The object's reply as a response. The caller that created the job, or repeated the creation, also gets the links and a
/// token.
pub(crate) async fn finish(
    ctx: &RequestContext,
    grant: &Grant,
    id: &JobId,
    reply: &Response,
    created: bool,
) -> HandlerResult {
    broadcast_later(ctx, grant, id, reply)?;
    let response = if created {
        let text = JsFuture::from(reply.text()?).await?.as_string().unwrap_or_default();
        response::json_text(reply.status(), &merge_objects(&text, &access(ctx, grant, id)?))
    } else {
        glue::pass_on(reply)
    };
    if ctx.config.dev && reply.status() < 400 {
        for name in DEV_HEADERS {
            if let Some(value) = reply.headers().get(name)? {
                response::set(&response.headers(), name, &value);
            }
        }
    }
    Ok(response)
}

/// `DELETE /v2/jobs/{id}`.
pub(crate) async fn delete(ctx: &mut RequestContext, job: &str) -> HandlerResult {
    let (grant, id) = auth::authenticate_and_authorize(ctx, Permission::Admin, job).await?;
    ctx.request.query(&[])?;
    match JobStub::new(&ctx.env, &grant, id)?.delete().await?.success() {
        Ok(_) => Ok(response::empty(204)),
        Err(error) => Ok(error),
    }
}

/// What a creation adds to the response: links to the job, and a token if the credential may mint one.
fn access(ctx: &RequestContext, grant: &Grant, id: &JobId) -> Result<String, ErrorResponse> {
    let token = tokens::to_read(ctx, grant, id)?;
    let origin = ctx.request.url()?.origin().ascii_serialization();
    let id = id.to_url_part();
    let base = format!("{origin}/v2/jobs/{id}");
    let links = Links {
        status: format!("{base}/status"),
        stream: format!("{base}/status/stream"),
        reports: format!("{base}/reports"),
        page: token.as_ref().map(|token| format!("{origin}/job#{id}&{token}")),
    };
    Ok(text_of(&Access { links, token }))
}
