//! The handlers of control: requests to cancel, pause, resume and retry, and the control state for producers.

use engine::{
    batch::{BatchResponse, HeldBytes},
    chunk::Chunk as _,
    control::{ControlBatchRequest, ControlOptions, Pending},
    creation_answer::is_receipt,
    grant::Grant,
    permission::Permission,
    poll::none_match,
    subscription,
};
use futures_util::{StreamExt as _, stream};
use protocol::{
    Problem,
    control::ControlRequest,
    id::JobId,
    limits::{REPORT_BYTES, WAIT_SECONDS},
};

use crate::{
    auth,
    body::Body,
    bytes::{self, Bytes},
    context::RequestContext,
    glue, limit,
    response::{self, ErrorResponse, HandlerResult, set},
    stub::{CALLS_AT_ONCE, JobStub, Reply},
    wait, writes,
};

/// `POST /v2/jobs/{id}/cancel`, `pause`, `resume` and `retry`. The object parses the body.
pub(crate) async fn request(ctx: &mut RequestContext, job: &str, request: ControlRequest) -> HandlerResult {
    let (grant, id) = auth::authenticate_and_authorize(ctx, Permission::Control, job).await?;
    ctx.request.query(&[])?;
    let body = Body::read(&ctx.request, REPORT_BYTES).await?;
    limit::check_control(ctx, &grant, id.as_str()).await?;
    // If the body is not valid, the object says why.
    if ControlOptions::from_body(&body.bytes, request).is_ok_and(|options| options.children) {
        grant.authorize_children(&id).map_err(Problem::from)?;
    }
    let stub = JobStub::new(&ctx.env, &grant, id.clone())?;
    let reply = stub.control(request, &body.bytes, is_receipt(&grant)).await?;
    writes::finish(ctx, &grant, &id, &reply, false).await
}

/// `GET /v2/jobs/{id}/control`.
pub(crate) async fn pending(ctx: &mut RequestContext, job: &str) -> HandlerResult {
    let (grant, id) = auth::authenticate_and_authorize(ctx, Permission::Write, job).await?;
    let wait_seconds = ctx.request.query(&["wait"])?.integer("wait", 0, WAIT_SECONDS)?.unwrap_or(0);
    limit::check_read(ctx, &grant, id.as_str()).await?;
    let seen = ctx.request.header("If-None-Match");
    let is_seen = |version: &str| seen.as_deref().is_some_and(|header| none_match(header, &quoted(version)));
    let stub = JobStub::new(&ctx.env, &grant, id)?;
    let mut refused = None;
    if wait_seconds > 0 {
        // A version that the producer has not seen ends the wait; without `If-None-Match`, each request and the end do.
        let is_new = |first: bool, version: &String| match Pending::of(version) {
            Pending::Ended => true,
            pending if seen.is_none() => !first || pending == Pending::Request,
            _ => !is_seen(version),
        };
        let opened = stub.await_control(grant.reader(&limit::network(ctx))).await?;
        refused = wait::until(ctx, opened, wait_seconds, wait::control_event, is_new).await?;
    }
    let Reply { control_version, text, .. } = match stub.control_state().await?.success() {
        Ok(reply) => reply,
        Err(error) => return Ok(error),
    };
    let version = control_version.unwrap_or_default();
    let unchanged = is_seen(&version);
    if let Some(status) = refused.filter(|_| unchanged || Pending::of(&version) == Pending::Nothing) {
        // An answer with the known state would make the producer ask again at once.
        return Err(subscription::refusal(job, status).into());
    }
    let response = if unchanged { response::empty(304) } else { response::json_text(200, &text) };
    set(&response.headers(), "ETag", &quoted(&version));
    set(&response.headers(), "Cache-Control", "private, no-cache");
    Ok(response)
}

/// The entity tag of a version.
fn quoted(version: &str) -> String {
    format!("\"{version}\"")
}

/// `POST /v2/jobs/control/batch`.
pub(crate) async fn batch(ctx: &mut RequestContext) -> HandlerResult {
    let grant = auth::grant_with(ctx, Permission::Control).await?;
    ctx.request.query(&[])?;
    let body = Body::read(&ctx.request, REPORT_BYTES).await?;
    let ControlBatchRequest { job_ids, request, options } = ControlBatchRequest::from_json(body.json()?)?;
    let mut response = BatchResponse::new(job_ids.clone(), HeldBytes::default());
    let replies = job_ids
        .iter()
        .enumerate()
        .map(async |(index, job_id)| (index, one_of_many(ctx, &grant, job_id, request, &options).await));
    let mut replies = stream::iter(replies).buffer_unordered(CALLS_AT_ONCE);
    while let Some((index, reply)) = replies.next().await {
        match reply {
            Ok(reply) if reply.status < 400 => response.add_document(index, Bytes::from_bytes(reply.text.as_bytes())),
            Ok(reply) => response.add_problem_json(index, reply.text),
            Err(error) => response.add_problem(index, error.problem()),
        }
    }
    Ok(glue::json_bytes(200, &bytes::concat(&response.into_chunks())))
}

/// Makes one request of a batch.
async fn one_of_many(
    ctx: &RequestContext,
    grant: &Grant,
    job_id: &str,
    request: ControlRequest,
    options: &ControlOptions,
) -> Result<Reply, ErrorResponse> {
    // An invalid id is answered like an unknown job, so that one id does not fail the whole batch.
    let id = JobId::parse(job_id).ok_or_else(|| Problem::job_not_found(job_id))?;
    grant.authorize(Permission::Control, Some(&id)).map_err(Problem::from)?;
    limit::check_control(ctx, grant, id.as_str()).await?;
    if options.children {
        grant.authorize_children(&id).map_err(Problem::from)?;
    }
    let reply = JobStub::new(&ctx.env, grant, id.clone())?.control(request, &options.to_body(), true).await?;
    writes::broadcast_later(ctx, grant, &id, &reply)?;
    Reply::read(&reply).await
}
