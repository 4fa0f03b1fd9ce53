//! The stream handlers: one job for one viewer, or several jobs on one connection.

use std::rc::Rc;

use engine::{
    credential::Unauthenticated,
    grant::Grant,
    permission::Permission,
    stream_request::{self, StreamRequest, StreamedJob},
    subscription,
};
use protocol::{Problem, cursor::Cursor, id::JobId, include::Include, limits::REPORTS_BYTES};
use wasm_bindgen::JsCast as _;
use worker::{Context, Env, ResponseBuilder};

use crate::{
    auth::{self, AuthError},
    body::Body,
    command::Viewer,
    context::RequestContext,
    feed::Socket,
    limit,
    relay::{ALL_ENDED, RETRY_LATER_MS, Relay, comment_and_retry},
    response::{self, ErrorResponse, HandlerResult, set},
    stub::{CALLS_AT_ONCE, JobStub},
};

/// `GET /v2/jobs/{id}/status/stream`.
pub(crate) async fn one(ctx: &mut RequestContext, job: &str) -> HandlerResult {
    let result = open_one(ctx, job).await;
    for_native(ctx, result)
}

async fn open_one(ctx: &mut RequestContext, job: &str) -> HandlerResult {
    let (grant, id) = auth::authenticate_and_authorize(ctx, Permission::Read, job).await?;
    let query = ctx.request.query(&["include", "cursor", "lastEventId"])?;
    let include = query.include()?;
    let cursor = query.last_event_id(ctx.request.header("Last-Event-ID"))?.as_deref().and_then(Cursor::parse);
    limit::check_stream(ctx, &grant).await?;
    let reader = grant.reader(&limit::network(ctx));
    let stub = JobStub::new(&ctx.env, &grant, id.clone())?;
    let viewer = Viewer { include, cursor: cursor.as_ref(), reader, ..Viewer::default() };
    let mut opened = stub.subscribe(viewer).await?;
    match opened.status_code() {
        101 => {}
        204 => return Ok(response::empty(204)),
        429 | 500.. if auth::is_native(&ctx.request) => return Ok(retry_later()),
        status => {
            let response = response::json_text(status, &opened.text().await?);
            if let Some(seconds) = opened.headers().get("Retry-After")? {
                set(&response.headers(), "Retry-After", &seconds);
            }
            return Ok(response);
        }
    }
    let Some(socket) = Socket::of(opened) else { return Err(worker::Error::from("101 without a socket").into()) };
    let (relay, response) = Relay::open(ctx, true)?;
    let joined = relay.join(id.as_str(), socket, grant.expires_at);
    // If the socket cannot be read, this ends the stream.
    relay.complete();
    joined?;
    Ok(response.into())
}

/// `GET /v2/jobs/status/stream?jobIds=a,b`: several jobs with one credential.
pub(crate) async fn many(ctx: &mut RequestContext) -> HandlerResult {
    let result = open_many(ctx).await;
    for_native(ctx, result)
}

async fn open_many(ctx: &mut RequestContext) -> HandlerResult {
    let grant = auth::grant_with(ctx, Permission::Read).await?;
    let query = ctx.request.query(&["jobIds", "include", "cursor", "lastEventId"])?;
    let include = query.include()?;
    let job_ids = stream_request::job_ids(query.all("jobIds"))?;
    limit::check_stream(ctx, &grant).await?;
    let grant = Rc::new(grant);
    let target = |job_id| StreamTarget::new(job_id, include, None, Ok(Rc::clone(&grant)));
    let targets: Vec<StreamTarget> = job_ids.into_iter().map(target).collect();
    let last_event_id = query.last_event_id(ctx.request.header("Last-Event-ID"))?;
    open(ctx, targets, last_event_id.as_deref() == Some(ALL_ENDED)).await
}

/// `POST /v2/jobs/status/stream`: several jobs; a job's own token replaces the credential of the request.
pub(crate) async fn with_tokens(ctx: &mut RequestContext) -> HandlerResult {
    // A page may have no other credential than the tokens in the body.
    let common = if ctx.request.authorization().is_some() || ctx.request.query_token()?.is_some() {
        Some(Rc::new(auth::grant(ctx).await?))
    } else {
        ctx.config.access()?;
        limit::check_address(ctx)?;
        None
    };
    let jobs = match read_jobs(ctx).await {
        // Nobody has authenticated, so the request counts as a failure to.
        Err(error) if common.is_none() => {
            limit::count_failure(ctx).await?;
            return Err(error);
        }
        jobs => jobs?,
    };
    let mut targets = Vec::with_capacity(jobs.len());
    let (mut unauthenticated, mut has_invalid_token) = (None, false);
    for job in jobs {
        let grant = match (&job.token, &common) {
            (Some(token), _) => match auth::authenticate_body(ctx, token) {
                Ok(grant) => Ok(Rc::new(grant)),
                Err(AuthError::Unauthenticated(error)) => Err(error),
                Err(AuthError::Other(error)) => return Err(error),
            },
            (None, Some(common)) => Ok(Rc::clone(common)),
            (None, None) => Err(Unauthenticated::Missing),
        };
        unauthenticated = unauthenticated.or(grant.as_ref().err().copied());
        has_invalid_token |= grant.as_ref().is_err_and(|error| *error != Unauthenticated::Missing);
        targets.push(StreamTarget::new(&job.job_id, job.include, job.cursor, grant.map_err(Problem::from)));
    }
    let grants: Vec<Rc<Grant>> =
        targets.iter().filter_map(|target| Some(Rc::clone(&target.access.as_ref().ok()?.1))).collect();
    let Some(grant) = grants.first() else {
        // No job can be opened. There is no stream, and the response is a 401 if any credential is missing or not valid,
        // the problem of the first job otherwise.
        return Err(match (unauthenticated, targets.into_iter().find_map(|target| target.access.err())) {
            (None, Some(problem)) => problem.into(),
            (error, _) => auth::reject_unauthenticated(ctx, error.unwrap_or(Unauthenticated::Missing)).await,
        });
    };
    ctx.holder = Some(grant.holder.to_string());
    if has_invalid_token {
        // A valid token beside them does not make guesses free.
        limit::count_failure(ctx).await?;
    }
    limit::check_streams(ctx, grants.iter().map(|grant| &**grant)).await?;
    let last_event_id = ctx.request.header("Last-Event-ID");
    open(ctx, targets, last_event_id.as_deref() == Some(ALL_ENDED)).await
}

/// The jobs that the body of the request names.
async fn read_jobs(ctx: &RequestContext) -> Result<Vec<StreamedJob>, ErrorResponse> {
    ctx.request.query(&[])?;
    let body = Body::read(&ctx.request, REPORTS_BYTES).await?;
    Ok(StreamRequest::from_json(body.json()?)?.jobs)
}

/// A job of a stream of several jobs.
struct StreamTarget {
    job_id: String,
    include: Include,
    cursor: Option<Cursor>,
    /// The parsed id and the grant that covers it, or the problem that the stream reports for this job.
    access: Result<(JobId, Rc<Grant>), Problem>,
}

impl StreamTarget {
    fn new(job_id: &str, include: Include, cursor: Option<Cursor>, grant: Result<Rc<Grant>, Problem>) -> StreamTarget {
        let access = grant.and_then(|grant| {
            let id = JobId::parse(job_id).ok_or_else(|| Problem::job_not_found(job_id))?;
            grant.authorize(Permission::Read, Some(&id)).map_err(Problem::from)?;
            Ok((id, grant))
        });
        StreamTarget { job_id: job_id.to_owned(), include, cursor, access }
    }
}

/// Opens a stream of several jobs: it begins at once, and each job joins when its object replies.
async fn open(ctx: &RequestContext, targets: Vec<StreamTarget>, has_seen_all_end: bool) -> HandlerResult {
    if has_seen_all_end && all_ended(ctx, &targets).await {
        return Ok(response::empty(204));
    }
    let (relay, response) = Relay::open(ctx, false)?;
    let (env, network) = (ctx.env.clone(), limit::network(ctx));
    Context::new(ctx.platform.clone().unchecked_into()).wait_until(async move {
        for some in targets.chunks(CALLS_AT_ONCE) {
            if relay.is_done() {
                break;
            }
            futures_util::future::join_all(some.iter().map(|target| join(&relay, &env, &network, target))).await;
        }
        relay.complete();
    });
    Ok(response.into())
}

/// Joins a job to the stream, or reports its problem there.
async fn join(relay: &Relay, env: &Env, network: &str, target: &StreamTarget) {
    if let Err(problem) = try_join(relay, env, network, target).await {
        relay.fail(&target.job_id, &problem);
    }
}

async fn try_join(relay: &Relay, env: &Env, network: &str, target: &StreamTarget) -> Result<(), Problem> {
    let (id, grant) = target.access.clone()?;
    let problem = |error: ErrorResponse| error.problem().clone();
    let reader = grant.reader(network);
    let stub = JobStub::new(env, &grant, id)?;
    let viewer =
        Viewer { include: target.include, cursor: target.cursor.as_ref(), anyway: true, stays: true, reader, tags: "" };
    let opened = stub.subscribe(viewer).await.map_err(problem)?;
    match (opened.status_code(), Socket::of(opened)) {
        (_, Some(socket)) => relay.join(&target.job_id, socket, grant.expires_at).map_err(problem),
        (status, None) => Err(subscription::refusal(&target.job_id, status)),
    }
}

async fn all_ended(ctx: &RequestContext, targets: &[StreamTarget]) -> bool {
    for some in targets.chunks(CALLS_AT_ONCE) {
        let ended = some.iter().map(async |target| {
            // A job that the reader may not read, or that does not exist, sends nothing more.
            let Ok((id, grant)) = &target.access else { return true };
            let Ok(stub) = JobStub::new(&ctx.env, grant, id.clone()) else { return false };
            let reply = stub.document(Include::NONE, "summary").await;
            // An object that fails says nothing about the job, and 204 would stop the reader for good.
            reply.is_ok_and(|reply| match reply.status {
                200..400 => reply.poll_after_ms.is_none(),
                status => status == 404,
            })
        });
        if !futures_util::future::join_all(ended).await.into_iter().all(|ended| ended) {
            return false;
        }
    }
    true
}

/// A native `EventSource` stops for good at any status except 200, so a temporary error becomes an instruction to retry.
pub(crate) fn for_native(ctx: &RequestContext, result: HandlerResult) -> HandlerResult {
    match result {
        Err(error) if error.problem().code().is_temporary() && auth::is_native(&ctx.request) => Ok(retry_later()),
        result => result,
    }
}

/// A stream that ends at once and instructs the reader to reconnect later.
fn retry_later() -> web_sys::Response {
    let response = ResponseBuilder::new().fixed(comment_and_retry("busy", RETRY_LATER_MS).into_bytes());
    set(&response.headers().0, "Content-Type", "text/event-stream; charset=utf-8");
    response.into()
}
