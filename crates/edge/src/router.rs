//! The router: finds the handler of a request, and gives each response the common headers and one line of log.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt as _;
use js_sys::Promise;
use protocol::{Problem, problem::Code};
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::future_to_promise;
use web_sys::{Request, Response};
use worker::{Env, worker_sys::Context};

use crate::{
    adapters,
    answer::{self, Answer, Refusal, set},
    context::RequestContext,
    crossing::{self, Errand},
    js, reads,
    route::{NoRoute, Route},
    streams, tokens, writes,
};

/// Answers a request.
pub(crate) fn answer(request: Request, env: Env, context: Context) -> Promise {
    let ctx = RequestContext::new(request, env, context, js::now());
    let route = Route::find(ctx.request.method(), ctx.request.path());
    match catch_unwind(AssertUnwindSafe(|| straight_on(&ctx, &route))) {
        Ok(Some(answer)) => answer,
        // Where the build unwinds, what panicked on the short way does so on the long one, and is answered there.
        Ok(None) | Err(_) => attended(ctx, route),
    }
}

fn attended(ctx: RequestContext, route: Result<Route, NoRoute>) -> Promise {
    future_to_promise(AssertUnwindSafe(async { Ok(attend(ctx, route).await.into()) }))
}

thread_local! {
    /// Attends to a request that went straight on and came back with what is no plain success.
    static GO_ON: Errand = Closure::own_assert_unwind_safe(|request, env, context, began, reply, error| {
        let mut ctx = RequestContext::new(request, env, context, js::timestamp(began));
        ctx.said = Some(Option::<Response>::ok_or(reply, error));
        let route = Route::find(ctx.request.method(), ctx.request.path());
        attended(ctx, route)
    });
}

/// Sends a report straight on to its object, if nothing is wrong with it; most requests are reports, and most reports are
/// answered with just what their object says. Whatever else the object says is attended to like any other request's answer.
fn straight_on(ctx: &RequestContext, route: &Result<Route, NoRoute>) -> Option<Promise> {
    let Ok(route @ Route::Report { job }) = route else { return None };
    // The object does not hear which page asks.
    if ctx.config.varies_by_origin() && ctx.request.origin().is_some() {
        return None;
    }
    #[cfg(feature = "fault-injection")]
    crate::fault_injection::at_the_edge(&ctx.request);
    let (grant, call, url) = writes::straight_on(ctx, job)?;
    let line = ctx.line(route.template(), Some(&grant.holder.to_string()));
    let RequestContext { request, env, context, began, .. } = ctx;
    let began = began.millis() as f64;
    Some(GO_ON.with(|go_on| {
        crossing::straight_on(&call.namespace, &call.name, &url, request.inner(), env, context, &line, began, go_on)
    }))
}

async fn attend(mut ctx: RequestContext, route: Result<Route, NoRoute>) -> Response {
    let template = route.as_ref().map_or("-", Route::template);
    let answered = match route {
        _ if ctx.request.method() == "OPTIONS" => Ok(preflight()),
        // Where the build unwinds a panic ends its own request, and is answered like any other fault of ours.
        Ok(route) => match AssertUnwindSafe(handle(&mut ctx, route)).catch_unwind().await {
            Ok(answer) => answer,
            Err(_) => Err(Refusal::of_panic()),
        },
        Err(no_route) => Err(refuse_route(&no_route)),
    };
    let RequestContext { request, config, .. } = &ctx;
    let mut response = answered.unwrap_or_else(Refusal::into_response);
    if request.method() == "HEAD" {
        response = without_body(&response);
    }
    crossing::bear(&response, config.allowed_origin(request.origin()), config.varies_by_origin());
    let line = ctx.line(template, ctx.holder.as_deref());
    crossing::log(&line, response.status(), ctx.began.millis() as f64);
    response
}

async fn handle(ctx: &mut RequestContext, route: Route) -> Answer {
    #[cfg(feature = "fault-injection")]
    crate::fault_injection::at_the_edge(&ctx.request);
    match route {
        Route::Health => Ok(answer::json(200, &serde_json::json!({"status": "ok"}))),
        Route::CreateJob => writes::create(ctx).await,
        Route::Report { job } => writes::report(ctx, &job).await,
        Route::Delete { job } => writes::delete(ctx, &job).await,
        Route::Status { job } => reads::status(ctx, &job).await,
        Route::Batch => reads::batch(ctx).await,
        Route::Logs { job } => reads::logs(ctx, &job).await,
        Route::Stream { job } => streams::one(ctx, &job).await,
        Route::StreamsOfOne => streams::many_of_one(ctx).await,
        Route::Streams => streams::many(ctx).await,
        Route::CreateToken => tokens::create(ctx).await,
        Route::ReadProgress { application, request } => adapters::read_progress(ctx, &application, &request).await,
        Route::ReportProgress { application, request } => adapters::report_progress(ctx, &application, &request).await,
        Route::TaskStatus { task } => adapters::task_status(ctx, &task).await,
    }
}

fn refuse_route(no_route: &NoRoute) -> Refusal {
    match no_route {
        NoRoute::Path => {
            Problem::new(Code::NotFound, "There is nothing at this path; the API is described at /openapi.json").into()
        }
        NoRoute::Method(allow) => {
            let problem =
                Problem::new(Code::MethodNotAllowed, format!("This path takes {allow}")).with("allow", *allow);
            Refusal::from(problem).with_header("Allow", *allow)
        }
    }
}

fn preflight() -> Response {
    let response = answer::empty(204);
    let headers = &response.headers();
    set(headers, "Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE");
    set(headers, "Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID, If-None-Match");
    set(headers, "Access-Control-Max-Age", "86400");
    response
}

fn without_body(response: &Response) -> Response {
    let empty = answer::empty(response.status());
    for (name, value) in worker::Headers(response.headers()).entries() {
        set(&empty.headers(), &name, &value);
    }
    empty
}
