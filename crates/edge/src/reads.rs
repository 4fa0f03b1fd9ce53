//! The handlers that only read: the status and the log of a job, the metrics of a server.

use engine::{
    metrics::CONTENT_TYPE,
    permission::Permission,
    poll::{Format, etag, none_match},
    subscription,
};
use protocol::{
    Problem,
    cursor::Cursor,
    include::Include,
    limits::{LOG_LINES_RESUME, WAIT_SECONDS},
    number::MAX_SAFE_INTEGER,
};
use web_sys::Response;

use crate::{
    auth,
    command::Viewer,
    context::RequestContext,
    limit, metrics,
    response::{self, HandlerResult, merge_objects, set},
    stub::{JobStub, Reply},
    wait,
};

/// The number of lines that `GET …/logs` returns if `limit` is absent.
const LOGS_DEFAULT: u64 = 200;

/// `GET /v2/jobs/{id}/status`.
pub(crate) async fn status(ctx: &mut RequestContext, job: &str) -> HandlerResult {
    let (grant, id) = auth::authenticate_and_authorize(ctx, Permission::Read, job).await?;
    let query = ctx.request.query(&["include", "format", "wait", "cursor"])?;
    let include = query.include()?;
    let format = match query.one("format")? {
        None => Format::Json,
        Some(word) => Format::parse(word)
            .ok_or_else(|| Problem::invalid("format", format_args!("must be one of {}", Format::NAMES.join(", "))))?,
    };
    let wait_seconds = query.integer("wait", 0, WAIT_SECONDS)?.unwrap_or(0);
    limit::check_read(ctx, &grant, id.as_str()).await?;

    let none_match_header = ctx.request.header("If-None-Match");
    let cursor = query.one("cursor")?.map(str::to_owned);
    let seen = |at: &Cursor| {
        let by_etag = none_match_header.as_deref().is_some_and(|header| none_match(header, &etag(at, include, format)));
        by_etag || cursor.as_deref() == Some(at.to_string().as_str())
    };
    let stub = JobStub::new(&ctx.env, &grant, id)?;
    // A request with neither `If-None-Match` nor `cursor` waits for the next change.
    let names_a_state = none_match_header.is_some() || cursor.is_some();
    let mut refused = None;
    if wait_seconds > 0 {
        let is_new = |first: bool, at: &Cursor| if names_a_state { !seen(at) } else { !first };
        let reader = grant.reader(&limit::network(ctx));
        let opened = stub.subscribe(Viewer { anyway: true, reader, ..Viewer::default() }).await?;
        refused = wait::until(ctx, opened, wait_seconds, wait::document_event, is_new).await?;
    }
    let view = if format == Format::Summary { "summary" } else { "document" };
    let reply = match stub.document(include, view).await?.success() {
        Ok(reply) => reply,
        Err(error) => return Ok(error),
    };
    let unchanged = reply.cursor.as_ref().map(seen).unwrap_or(false);
    let is_awaited = (unchanged || !names_a_state) && reply.poll_after_ms.is_some();
    if let Some(status) = refused.filter(|_| is_awaited) {
        // An answer with the known state would make the reader ask again at once.
        return Err(subscription::refusal(job, status).into());
    }
    Ok(status_response(reply, include, format, unchanged))
}

/// The response with the state of a job.
fn status_response(reply: Reply, include: Include, format: Format, unchanged: bool) -> Response {
    let response = if unchanged {
        response::empty(304)
    } else {
        match reply.poll_after_ms.filter(|_| format == Format::Json) {
            Some(millis) => {
                response::json_text(200, &merge_objects(&reply.text, &format!("{{\"pollAfterMs\":{millis}}}")))
            }
            None => response::json_text(200, &reply.text),
        }
    };
    if let Some(cursor) = reply.cursor {
        set(&response.headers(), "ETag", &etag(&cursor, include, format));
    }
    // `private`, since the request has a credential; `no-cache`, since the state may change at any time.
    set(&response.headers(), "Cache-Control", "private, no-cache");
    response
}

/// `GET /v2/jobs/{id}/logs`.
pub(crate) async fn logs(ctx: &mut RequestContext, job: &str) -> HandlerResult {
    let (grant, id) = auth::authenticate_and_authorize(ctx, Permission::Read, job).await?;
    let query = ctx.request.query(&["after", "limit"])?;
    let after = query.integer("after", 0, MAX_SAFE_INTEGER)?.unwrap_or(0);
    let limit = query.integer("limit", 1, LOG_LINES_RESUME)?.unwrap_or(LOGS_DEFAULT);
    limit::check_read(ctx, &grant, id.as_str()).await?;
    match JobStub::new(&ctx.env, &grant, id)?.logs(after, limit).await?.success() {
        Ok(reply) => Ok(response::json_text(200, &reply.text)),
        Err(error) => Ok(error),
    }
}

/// `GET /metrics`.
pub(crate) async fn metrics(ctx: &mut RequestContext) -> HandlerResult {
    let grant = auth::grant(ctx).await?;
    grant.authorize(Permission::Admin, None).map_err(Problem::from)?;
    ctx.request.query(&[])?;
    let response = response::json_text(200, &metrics::text(ctx.config.objects_in_memory()));
    set(&response.headers(), "Content-Type", CONTENT_TYPE);
    Ok(response)
}
