//! Calls that only look: status, batch, logs.

use engine::{
    grant::Grant,
    permission::Permission,
    poll::{Format, etag, none_match},
};
use protocol::{
    Problem,
    cursor::Cursor,
    fields::{self, Fields},
    id::JobId,
    include::Include,
    limits::{JOBS, LOG_LINES_RESUME, REPORT_BYTES, WAIT_SECONDS},
    number::MAX_SAFE_INTEGER,
    problem::Code,
};
use serde_json::Value;
use web_sys::Response;

use crate::{
    answer::{self, Answer, Refusal, joined, set},
    auth,
    call::{JobCall, Reply},
    context::RequestContext,
    limit,
    request::{self, Body, Query},
    wait,
};

/// Lines that `GET …/logs` answers when nobody says how many.
const LOGS_DEFAULT: u64 = 200;

/// `GET /v2/jobs/{id}/status`.
pub(crate) async fn status(ctx: &mut RequestContext, job: &str) -> Answer {
    let (grant, id) = auth::allow(ctx, Permission::Read, job).await?;
    let query = Query::of(&ctx.request, &["include", "format", "wait", "cursor"])?;
    let include = query.include()?;
    let format = match query.one("format")? {
        None => Format::Json,
        Some(word) => Format::parse(word)
            .ok_or_else(|| Problem::invalid("format", format_args!("must be one of {}", Format::NAMES.join(", "))))?,
    };
    let wait_seconds = query.integer("wait", 0, WAIT_SECONDS)?.unwrap_or(0);
    limit::check_read(&ctx.env, &ctx.request, &grant, id.as_str()).await?;

    let none_match_header = ctx.request.header("If-None-Match");
    let cursor = query.one("cursor")?.map(str::to_owned);
    let seen = |at: &Cursor| {
        let by_etag = none_match_header.as_deref().is_some_and(|header| none_match(header, &etag(at, include, format)));
        by_etag || cursor.as_deref() == Some(at.to_string().as_str())
    };
    let call = JobCall::new(&ctx.env, &grant, id);
    if wait_seconds > 0 {
        // Who names no state waits for a change of the one there is.
        let named = none_match_header.is_some() || cursor.is_some();
        wait::until(
            &ctx.request.inner().signal(),
            &call,
            wait_seconds,
            |first, at| if named { !seen(at) } else { !first },
        )
        .await?;
    }
    let view = if format == Format::Summary { "summary" } else { "document" };
    let reply = match call.document(include, view).await?.success() {
        Ok(reply) => reply,
        Err(refused) => return Ok(refused),
    };
    let unchanged = reply.cursor.as_ref().map(seen).unwrap_or(false);
    Ok(state(reply, include, format, unchanged))
}

/// The answer that tells a job's state.
fn state(reply: Reply, include: Include, format: Format, unchanged: bool) -> Response {
    let response = if unchanged {
        answer::empty(304)
    } else {
        match reply.poll_after_ms.filter(|_| format == Format::Json) {
            Some(millis) => answer::json_text(200, &joined(&reply.text, &format!("{{\"pollAfterMs\":{millis}}}"))),
            None => answer::json_text(200, &reply.text),
        }
    };
    if let Some(cursor) = reply.cursor {
        set(&response.headers(), "ETag", &etag(&cursor, include, format));
    }
    // Private, since it was asked for with a credential; to be asked again each time, since it changes.
    set(&response.headers(), "Cache-Control", "private, no-cache");
    response
}

/// `POST /v2/jobs/status/batch`.
pub(crate) async fn batch(ctx: &mut RequestContext) -> Answer {
    let grant = auth::allow_reading(ctx).await?;
    Query::of(&ctx.request, &[])?;
    let body = Body::read(&ctx.request, REPORT_BYTES).await?;
    let (job_ids, include) = batch_request(Fields::of(body.json()?, "")?)?;
    limit::check_read(&ctx.env, &ctx.request, &grant, "batch").await?;

    let mut jobs = Vec::new();
    let mut errors = Vec::new();
    // Six calls may wait for their answers at a time; one place is left for the rate limiter.
    for few in job_ids.chunks(5) {
        let replies = futures_util::future::join_all(few.iter().map(|job_id| look(ctx, &grant, job_id, include))).await;
        for (job_id, reply) in few.iter().zip(replies) {
            match reply {
                Ok(reply) if reply.status < 400 => jobs.push(reply.text),
                Ok(reply) => errors.push(joined(&answer::text_of(&serde_json::json!({"jobId": job_id})), &reply.text)),
                Err(refusal) if refusal.problem().code() == Code::Internal => return Err(refusal),
                Err(refusal) => {
                    let job = answer::text_of(&serde_json::json!({"jobId": job_id}));
                    errors.push(joined(&job, &answer::text_of(refusal.problem())));
                }
            }
        }
    }
    Ok(answer::json_text(200, &format!("{{\"jobs\":[{}],\"errors\":[{}]}}", jobs.join(","), errors.join(","))))
}

async fn look(ctx: &RequestContext, grant: &Grant, job_id: &str, include: Include) -> Result<Reply, Refusal> {
    // What is no job id is no job either; in a batch it must not spoil the others.
    let id = JobId::parse(job_id).ok_or_else(|| Problem::job_not_found(job_id))?;
    grant.authorize(Permission::Read, Some(&id)).map_err(Problem::from)?;
    JobCall::new(&ctx.env, grant, id).document(include, "document").await
}

fn batch_request(mut fields: Fields) -> Result<(Vec<String>, Include), Problem> {
    let job_ids = fields.required("jobIds", |value, name| fields::list(value, name, JOBS, fields::short))?;
    if job_ids.is_empty() {
        return Err(Problem::invalid("jobIds", format_args!("must name 1 to {JOBS} jobs")));
    }
    let include = fields.optional("include", include_of)?.unwrap_or_default();
    fields.finish("a batch request")?;
    Ok((job_ids, include))
}

/// `include` in a body: a list whose items are one name each; commas are for URLs.
pub(crate) fn include_of(value: Value, name: &str) -> Result<Include, Problem> {
    let names = fields::list(value, name, Include::NAMES.len(), fields::short)?;
    match names.iter().find(|name| !Include::NAMES.contains(&name.as_str())) {
        Some(unknown) => Err(request::unknown_include(unknown)),
        None => Include::parse(names.iter().map(String::as_str)).map_err(|unknown| request::unknown_include(&unknown)),
    }
}

/// `GET /v2/jobs/{id}/logs`.
pub(crate) async fn logs(ctx: &mut RequestContext, job: &str) -> Answer {
    let (grant, id) = auth::allow(ctx, Permission::Read, job).await?;
    let query = Query::of(&ctx.request, &["after", "limit"])?;
    let after = query.integer("after", 0, MAX_SAFE_INTEGER)?.unwrap_or(0);
    let limit = query.integer("limit", 1, LOG_LINES_RESUME)?.unwrap_or(LOGS_DEFAULT);
    limit::check_read(&ctx.env, &ctx.request, &grant, id.as_str()).await?;
    match JobCall::new(&ctx.env, &grant, id).logs(after, limit).await?.success() {
        Ok(reply) => Ok(answer::json_text(200, &reply.text)),
        Err(refused) => Ok(refused),
    }
}
