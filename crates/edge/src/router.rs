//! The router: finds the handler of a request, and gives every response the common headers and one line of log.

use std::panic::{AssertUnwindSafe, catch_unwind};

use engine::{
    route::{Match, NoRoute, Route, is_fetched_file},
    shutdown::Step,
};
use futures_util::FutureExt as _;
use js_sys::Promise;
use protocol::{Problem, problem::Code};
use serde_json::json;
use wasm_bindgen::{JsCast as _, closure::Closure};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Request, Response};
use worker::{Env, worker_sys::Context};

use crate::{
    adapters, badge, batch, body, clock, cluster,
    context::RequestContext,
    control, deliveries,
    glue::{self, SlowPath},
    index, js, metrics, reads,
    request::IncomingRequest,
    response::{self, ErrorResponse, HandlerResult, set},
    shutdown, streams, tokens, writes,
};

/// Answers a request.
pub(crate) fn answer(request: Request, env: Env, platform: Context) -> Promise {
    let began = js::now();
    clock::observe(began);
    let ctx = RequestContext::new(request, env, platform, began);
    let found = find(&ctx);
    match catch_unwind(AssertUnwindSafe(|| fast_path(&ctx, &found))) {
        Ok(Some(answer)) => answer,
        // If the build unwinds, a panic on the fast path happens again on the slow path, which answers it.
        Ok(None) | Err(_) => slow_path(ctx, found),
    }
}

fn slow_path(ctx: RequestContext, found: Result<Match, NoRoute>) -> Promise {
    future_to_promise(AssertUnwindSafe(async { Ok(respond(ctx, found).await.into()) }))
}

/// The template of the route of the fast path.
const REPORTS: &str = "/v2/jobs/{jobId}/reports";

thread_local! {
    /// Counts a report that the fast path has answered.
    static ON_REPORTED: Closure<dyn FnMut(f64)> = Closure::own_assert_unwind_safe(|began| {
        metrics::answered(REPORTS, 200, js::timestamp(began));
    });
    /// Answers a request whose fast path did not end with a 200.
    static ON_FALLBACK: SlowPath = Closure::own_assert_unwind_safe(|request, env, platform, began, reply, error| {
        let mut ctx = RequestContext::new(request, env, platform, js::timestamp(began));
        ctx.early_reply = Some(Option::<Response>::ok_or(reply, error));
        let found = find(&ctx);
        slow_path(ctx, found)
    });
}

/// Sends a report to its object without a future in between, if nothing is wrong with it: most requests are reports, and
/// the response to most reports is exactly the object's reply. Any other reply takes the slow path.
fn fast_path(ctx: &RequestContext, found: &Result<Match, NoRoute>) -> Option<Promise> {
    let Ok(Match { route: Route::Report { job }, template }) = found else { return None };
    // The object does not know the origin of the page, and while the clock is set back the edge sets the timer of the broadcast.
    if (ctx.config.varies_by_origin() && ctx.request.origin().is_some()) || clock::if_set_back().is_some() {
        return None;
    }
    #[cfg(feature = "fault-injection")]
    crate::fault_injection::at_the_edge(&ctx.request);
    let (grant, stub, url) = writes::fast_path(ctx, job)?;
    let by = grant.holder.to_string();
    let RequestContext { request, env, platform, began, .. } = ctx;
    let began = began.millis() as f64;
    let object = (&stub.namespace, stub.name.as_str(), url.as_str());
    let call = |on_reported: Option<&Closure<dyn FnMut(f64)>>, on_fallback: &SlowPath| {
        let (request, by) = (request.inner(), by.as_str());
        glue::fast_path(
            object.0,
            object.1,
            object.2,
            request,
            env,
            platform,
            template,
            by,
            began,
            on_reported,
            on_fallback,
        )
    };
    Some(ON_FALLBACK.with(|on_fallback| match ctx.config.is_server() {
        true => ON_REPORTED.with(|on_reported| call(Some(on_reported), on_fallback)),
        false => call(None, on_fallback),
    }))
}

async fn respond(mut ctx: RequestContext, found: Result<Match, NoRoute>) -> Response {
    let template = found.as_ref().map_or("-", |found| found.template);
    let is_internal =
        matches!(&found, Ok(Match { route: Route::Health | Route::Shutdown(_), .. })) && is_of_launcher(&ctx);
    let result = match found {
        _ if ctx.request.method() == "OPTIONS" => Ok(preflight()),
        // If the build unwinds, a panic fails only its own request, with the response to any other error of ours.
        Ok(found) => match AssertUnwindSafe(handle(&mut ctx, found.route)).catch_unwind().await {
            Ok(result) => result,
            Err(_) => Err(ErrorResponse::of_panic()),
        },
        Err(NoRoute::Path) if is_fetched_file(ctx.request.path()) => match static_file(&ctx).await {
            // Its headers are those of www/_headers and cannot be changed.
            Ok(Some(file)) => return file,
            Ok(None) => no_route_response(&ctx.request, NoRoute::Path),
            Err(error) => Err(error),
        },
        Err(no_route) => no_route_response(&ctx.request, no_route),
    };
    let mut response = result.unwrap_or_else(ErrorResponse::into_response);
    let RequestContext { request, config, began, holder, .. } = &ctx;
    if request.method() == "HEAD" {
        response = without_body(&response);
    }
    glue::set_common_headers(&response, config.allowed_origin(request.origin()), config.varies_by_origin());
    // What the launcher polls and requests says nothing about the load of the server.
    if is_internal {
        return response;
    }
    if config.is_server() {
        if response.status() >= 400 {
            body::discard(request).await;
        }
        metrics::answered(template, response.status(), *began);
    }
    let (method, status, began) = (request.method(), response.status(), began.millis() as f64);
    glue::log(method, template, holder.as_deref(), status, began, config.is_server());
    response
}

async fn handle(ctx: &mut RequestContext, route: Route) -> HandlerResult {
    #[cfg(feature = "fault-injection")]
    {
        crate::fault_injection::at_the_edge(&ctx.request);
        crate::fault_injection::set_failing_index(&ctx.request);
    }
    match route {
        Route::Health if shutdown::is_announced() => Ok(response::json(503, &json!({"status": "draining"}))),
        Route::Health if !cluster::is_joined(&ctx.env).await => Ok(response::json(503, &json!({"status": "unready"}))),
        Route::Health => Ok(response::json(200, &json!({"status": "ok"}))),
        Route::CreateJob => writes::create(ctx).await,
        Route::List => index::list(ctx).await,
        Route::Summary => index::summary(ctx).await,
        Route::StreamList => index::stream(ctx).await,
        Route::Report { job } => writes::report(ctx, &job).await,
        Route::Delete { job } => writes::delete(ctx, &job).await,
        Route::Control { job, request } => control::request(ctx, &job, request).await,
        Route::ControlMany => control::batch(ctx).await,
        Route::ReadControl { job } => control::pending(ctx, &job).await,
        Route::Status { job } => reads::status(ctx, &job).await,
        Route::Badge { job } => badge::badge(ctx, &job).await,
        Route::Batch => batch::batch(ctx).await,
        Route::Logs { job } => reads::logs(ctx, &job).await,
        Route::Stream { job } => streams::one(ctx, &job).await,
        Route::StreamMany => streams::many(ctx).await,
        Route::StreamWithTokens => streams::with_tokens(ctx).await,
        Route::Deliveries { job } => deliveries::list(ctx, &job).await,
        Route::Redeliver { job, number } => deliveries::redeliver(ctx, &job, &number).await,
        Route::CreateToken => tokens::create(ctx).await,
        Route::ReadProgress { application, request } => adapters::read_progress(ctx, &application, &request).await,
        Route::ReportProgress { application, request } => adapters::report_progress(ctx, &application, &request).await,
        Route::TaskStatus { task } => adapters::task_status(ctx, &task).await,
        Route::Metrics => reads::metrics(ctx).await,
        Route::Shutdown(step) => take_step(ctx, step),
    }
}

/// The route of a request.
fn find(ctx: &RequestContext) -> Result<Match, NoRoute> {
    let find = if ctx.config.is_server() { Route::find_on_server } else { Route::find };
    find(ctx.request.method(), ctx.request.path())
}

/// Takes a step towards the end of the server, if its launcher requests it.
fn take_step(ctx: &RequestContext, step: Step) -> HandlerResult {
    if !is_of_launcher(ctx) {
        return no_route_response(&ctx.request, NoRoute::Path);
    }
    shutdown::reach(step);
    Ok(response::empty(204))
}

/// Whether the launcher of the server sends the request.
fn is_of_launcher(ctx: &RequestContext) -> bool {
    let RequestContext { request, config, .. } = ctx;
    config.control_secret.as_ref().is_some_and(|secret| secret.admits(request.authorization()))
}

fn no_route_response(request: &IncomingRequest, no_route: NoRoute) -> HandlerResult {
    match no_route {
        NoRoute::Path => {
            let message = "This path does not exist; /openapi.json lists the paths of the API";
            Err(Problem::new(Code::NotFound, message).into())
        }
        NoRoute::ExtraSlash(template) => {
            let message =
                format!("This path does not exist, because it has a `/` too many; send the request to {template}");
            Err(Problem::new(Code::NotFound, message).into())
        }
        NoRoute::Redirect(path) => {
            let response = response::empty(308);
            let query = request.url()?.query().map(|query| format!("?{query}")).unwrap_or_default();
            set(&response.headers(), "Location", &format!("{path}{query}"));
            Ok(response)
        }
        NoRoute::Method(allow) => {
            let message = format!("This path does not allow the method; allowed: {allow}");
            let problem = Problem::new(Code::MethodNotAllowed, message).with("allow", allow.as_str());
            Err(ErrorResponse::from(problem).with_header("Allow", allow))
        }
    }
}

/// The platform's response to a request for a static file; `None` if there is no such file.
async fn static_file(ctx: &RequestContext) -> Result<Option<Response>, ErrorResponse> {
    let file = JsFuture::from(glue::static_file(&ctx.env, ctx.request.inner())).await?;
    Ok((!file.is_undefined()).then(|| file.unchecked_into()))
}

/// The response to OPTIONS. Tools that trace requests add headers of their own to every request of a page, so all headers are
/// allowed; the wildcard does not include `Authorization` (Fetch standard, "CORS non-wildcard request-header name").
fn preflight() -> Response {
    let response = response::empty(204);
    let headers = &response.headers();
    set(headers, "Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE");
    set(headers, "Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID, If-None-Match, *");
    set(headers, "Access-Control-Max-Age", "86400");
    response
}

fn without_body(response: &Response) -> Response {
    let empty = response::empty(response.status());
    for (name, value) in worker::Headers(response.headers()).entries() {
        set(&empty.headers(), &name, &value);
    }
    empty
}
