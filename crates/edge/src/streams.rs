//! The streams: one job for one viewer, or many jobs on one connection.

use engine::{
    credential::{Credential, Unauthenticated},
    grant::Grant,
    permission::Permission,
};
use protocol::{
    Problem,
    cursor::Cursor,
    fields::{self, Fields},
    id::JobId,
    include::Include,
    limits::{JOBS, REPORTS_BYTES},
    problem::Code,
};
use serde_json::Value;
use wasm_bindgen::JsCast as _;
use worker::{Context, ResponseBuilder};

use crate::{
    answer::{self, Answer, Refusal, set},
    auth,
    call::JobCall,
    context::RequestContext,
    js, limit, reads,
    relay::{ALL_ENDED, Relay},
    request::{Body, Query},
};

/// Sockets that may be opening at a time; the platform lets six calls wait for their answers.
const OPENING_AT_ONCE: usize = 5;

/// `GET /v2/jobs/{id}/status/stream`.
pub(crate) async fn one(ctx: &mut RequestContext, job: &str) -> Answer {
    let native = auth::is_native(&ctx.request);
    match open_one(ctx, job).await {
        Err(refusal) if native && may_pass(refusal.problem().code()) => Ok(come_back_later()),
        answer => answer,
    }
}

async fn open_one(ctx: &mut RequestContext, job: &str) -> Answer {
    let (grant, id) = auth::allow(ctx, Permission::Read, job).await?;
    let query = Query::of(&ctx.request, &["include", "cursor"])?;
    let include = query.include()?;
    let cursor = last_event_id(ctx, &query)?.as_deref().and_then(Cursor::parse);
    limit::check_stream(&ctx.env, &ctx.request, &grant).await?;
    let mut opened = JobCall::new(&ctx.env, &grant, id.clone()).subscribe(include, cursor.as_ref(), false).await?;
    match opened.status_code() {
        101 => {}
        204 => return Ok(answer::empty(204)),
        503 if auth::is_native(&ctx.request) => return Ok(come_back_later()),
        status => return Ok(answer::json_text(status, &opened.text().await?)),
    }
    let Some(socket) = opened.websocket() else { return Err(worker::Error::from("101 without a socket").into()) };
    let (relay, response) = Relay::open(ctx.request.inner().signal(), true)?;
    relay.join(id.as_str(), &socket, grant.expires_at)?;
    relay.complete();
    Ok(response.into())
}

/// `GET /v2/jobs/status/stream?jobIds=a,b`: many jobs of one credential.
pub(crate) async fn many_of_one(ctx: &mut RequestContext) -> Answer {
    let native = auth::is_native(&ctx.request);
    match open_many_of_one(ctx).await {
        Err(refusal) if native && may_pass(refusal.problem().code()) => Ok(come_back_later()),
        answer => answer,
    }
}

async fn open_many_of_one(ctx: &mut RequestContext) -> Answer {
    let grant = auth::allow_reading(ctx).await?;
    let query = Query::of(&ctx.request, &["jobIds", "include", "cursor"])?;
    let include = query.include()?;
    let job_ids = query.all("jobIds").flat_map(|value| value.split(',')).filter(|id| !id.is_empty());
    let seats: Vec<Seat> = job_ids.map(|job_id| Seat::of(job_id, include, Ok(grant.clone()))).collect();
    if seats.is_empty() || seats.len() > JOBS {
        return Err(Problem::invalid("jobIds", format_args!("must name 1 to {JOBS} jobs")).with("limit", JOBS).into());
    }
    limit::check_stream(&ctx.env, &ctx.request, &grant).await?;
    let last_event_id = last_event_id(ctx, &query)?;
    open(ctx, seats, last_event_id.as_deref() == Some(ALL_ENDED)).await
}

/// `POST /v2/jobs/status/stream`: many jobs, each with a token of its own where it has one.
pub(crate) async fn many(ctx: &mut RequestContext) -> Answer {
    // A page may have nothing but the tokens in the body.
    let common = match ctx.request.authorization() {
        Some(_) => Some(auth::grant(ctx).await?),
        None => {
            ctx.config.access()?;
            None
        }
    };
    Query::of(&ctx.request, &[])?;
    let body = Body::read(&ctx.request, REPORTS_BYTES).await?;
    let asked = asked_jobs(Fields::of(body.json()?, "")?)?;
    let mut seats = Vec::with_capacity(asked.len());
    let mut stranger = None;
    for job in asked {
        let grant = match (&job.token, &common) {
            (Some(token), _) => believe(ctx, token)?,
            (None, Some(common)) => Ok(common.clone()),
            (None, None) => Err(Unauthenticated::Missing),
        };
        stranger = stranger.or(grant.as_ref().err().copied());
        let mut seat = Seat::of(&job.job_id, job.include, grant.map_err(Problem::from));
        seat.cursor = job.cursor;
        seats.push(seat);
    }
    let Some(grant) = seats.iter().find_map(|seat| Some(seat.ticket.as_ref().ok()?.1.clone())) else {
        // Nobody gets in: that is no stream, but the refusal of whoever has not shown who it is, or of the first job.
        return Err(match (stranger, seats.into_iter().find_map(|seat| seat.ticket.err())) {
            (None, Some(problem)) => problem.into(),
            (stranger, _) => auth::turn_away(ctx, stranger.unwrap_or(Unauthenticated::Missing)).await,
        });
    };
    ctx.holder = Some(grant.holder.to_string());
    limit::check_stream(&ctx.env, &ctx.request, &grant).await?;
    let last_event_id = ctx.request.header("Last-Event-ID");
    open(ctx, seats, last_event_id.as_deref() == Some(ALL_ENDED)).await
}

fn believe(ctx: &RequestContext, token: &str) -> Result<Result<Grant, Unauthenticated>, Refusal> {
    let access = ctx.config.access()?;
    Ok(Credential::from_body(token).and_then(|credential| access.authenticate(credential, js::now())))
}

/// One job of a stream of many, and the way to it.
struct Seat {
    job_id: String,
    include: Include,
    cursor: Option<Cursor>,
    /// Its id and the grant that opens it, or why it stays closed.
    ticket: Result<(JobId, Grant), Problem>,
}

impl Seat {
    fn of(job_id: &str, include: Include, grant: Result<Grant, Problem>) -> Seat {
        let ticket = grant.and_then(|grant| {
            let id = JobId::parse(job_id).ok_or_else(|| Problem::job_not_found(job_id))?;
            grant.authorize(Permission::Read, Some(&id)).map_err(Problem::from)?;
            Ok((id, grant))
        });
        Seat { job_id: job_id.to_owned(), include, cursor: None, ticket }
    }
}

/// A job as the body asks for it.
struct AskedJob {
    job_id: String,
    token: Option<String>,
    include: Include,
    cursor: Option<Cursor>,
}

fn asked_jobs(mut fields: Fields) -> Result<Vec<AskedJob>, Problem> {
    let jobs = fields.required("jobs", |value, name| fields::list(value, name, JOBS, asked_job))?;
    fields.finish("a stream request")?;
    if jobs.is_empty() {
        return Err(Problem::invalid("jobs", format_args!("must name 1 to {JOBS} jobs")));
    }
    Ok(jobs)
}

fn asked_job(value: Value, name: &str) -> Result<AskedJob, Problem> {
    let mut fields = Fields::of(value, name)?;
    let asked = AskedJob {
        job_id: fields.required("jobId", fields::short)?,
        token: fields.optional("token", |value, name| fields::string(value, name, REPORTS_BYTES))?,
        include: fields.optional("include", reads::include_of)?.unwrap_or_default(),
        cursor: fields.optional("cursor", fields::short)?.as_deref().and_then(Cursor::parse),
    };
    fields.finish("a job of a stream")?;
    Ok(asked)
}

/// Opens a stream of many jobs: it begins at once, and each job joins when its object answers.
async fn open(ctx: &RequestContext, seats: Vec<Seat>, seen_all_end: bool) -> Answer {
    if seen_all_end && all_ended(ctx, &seats).await? {
        return Ok(answer::empty(204));
    }
    let (relay, response) = Relay::open(ctx.request.inner().signal(), false)?;
    let env = ctx.env.clone();
    Context::new(ctx.context.clone().unchecked_into()).wait_until(async move {
        let mut seats = seats.into_iter();
        loop {
            let few: Vec<Seat> = seats.by_ref().take(OPENING_AT_ONCE).collect();
            if few.is_empty() || relay.is_done() {
                break;
            }
            futures_util::future::join_all(few.iter().map(|seat| seat_one(&relay, &env, seat))).await;
        }
        relay.complete();
    });
    Ok(response.into())
}

/// Lets a job join the stream, or tells there why it does not.
async fn seat_one(relay: &Relay, env: &worker::Env, seat: &Seat) {
    if let Err(problem) = try_seat(relay, env, seat).await {
        relay.refuse(&seat.job_id, &problem);
    }
}

async fn try_seat(relay: &Relay, env: &worker::Env, seat: &Seat) -> Result<(), Problem> {
    let (id, grant) = seat.ticket.clone()?;
    let told = |refusal: Refusal| refusal.problem().clone();
    let call = JobCall::new(env, &grant, id);
    let opened = call.subscribe(seat.include, seat.cursor.as_ref(), true).await.map_err(told)?;
    match (opened.status_code(), opened.websocket()) {
        (_, Some(socket)) => relay.join(&seat.job_id, &socket, grant.expires_at).map_err(told),
        (404, None) => Err(Problem::job_not_found(&seat.job_id)),
        _ => Err(Problem::new(Code::Overloaded, "The job cannot take one more viewer now; come back in a minute")),
    }
}

async fn all_ended(ctx: &RequestContext, seats: &[Seat]) -> Result<bool, Refusal> {
    for few in seats.chunks(OPENING_AT_ONCE) {
        let ended = few.iter().map(async |seat| -> Result<bool, Refusal> {
            // A job that is closed to this reader, or gone, has nothing more to tell.
            let Ok((id, grant)) = &seat.ticket else { return Ok(true) };
            let reply = JobCall::new(&ctx.env, grant, id.clone()).document(Include::NONE, "summary").await?;
            Ok(reply.poll_after_ms.is_none())
        });
        for ended in futures_util::future::join_all(ended).await {
            if !ended? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Where the reader stands: the header that browsers send by themselves goes before the parameter.
fn last_event_id(ctx: &RequestContext, query: &Query) -> Result<Option<String>, Refusal> {
    let header = ctx.request.header("Last-Event-ID");
    Ok(header.or(query.one("cursor")?.map(str::to_owned)))
}

/// Whether it may be better in a while.
fn may_pass(code: Code) -> bool {
    matches!(code, Code::RateLimitExceeded | Code::Overloaded | Code::NotConfigured | Code::Internal)
}

/// What keeps a native `EventSource` alive: any status but 200 would end it for ever.
fn come_back_later() -> web_sys::Response {
    let millis = js::random_between(10_000.0, 60_000.0) as u64;
    let response = ResponseBuilder::new().fixed(format!(": busy\nretry: {millis}\n\n").into_bytes());
    set(&response.headers().0, "Content-Type", "text/event-stream; charset=utf-8");
    response.into()
}
