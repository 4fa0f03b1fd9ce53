//! The door: one request in, one answer out, with what every answer bears and one line of log.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use futures_util::FutureExt as _;
use js_sys::Promise;
use protocol::{Problem, Timestamp, problem::Code};
use serde::Serialize;
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_futures::future_to_promise;
use web_sys::{Request, Response};
use worker::{Env, worker_sys::Context};

use crate::{
    adapters,
    answer::{self, Answer, Refusal, set, text_of},
    config::Config,
    crossing::{self, Errand},
    incoming::Incoming,
    js, reads,
    route::{NoRoute, Route},
    streams, tokens, writes,
};

/// A request being answered.
pub(crate) struct Visit {
    pub(crate) request: Incoming,
    pub(crate) env: Env,
    pub(crate) context: Context,
    pub(crate) config: Rc<Config>,
    /// When it came.
    pub(crate) began: Timestamp,
    /// What its job's object has said, if it went straight on to it.
    pub(crate) said: Option<Result<Response, JsValue>>,
    /// Who asks, once that is known; for the log.
    pub(crate) holder: Option<String>,
}

impl Visit {
    fn of(request: Request, env: Env, context: Context, began: Timestamp) -> Visit {
        let config = Config::of(&env);
        Visit { request: Incoming::of(request), env, context, config, began, said: None, holder: None }
    }

    /// What the log tells of it, but for its answer.
    fn line(&self, route: &'static str, by: Option<&str>) -> String {
        text_of(&Line { method: self.request.method(), route, status: 0, ms: 0, by })
    }
}

/// The line of the log that tells of a request; status and time are filled in where it is answered, in JavaScript.
#[derive(Serialize)]
struct Line<'a> {
    method: &'a str,
    route: &'static str,
    status: u16,
    ms: u64,
    by: Option<&'a str>,
}

/// Answers a request.
pub(crate) fn answer(request: Request, env: Env, context: Context) -> Promise {
    let visit = Visit::of(request, env, context, js::now());
    let route = Route::find(visit.request.method(), visit.request.path());
    match catch_unwind(AssertUnwindSafe(|| straight_on(&visit, &route))) {
        Ok(Some(answer)) => answer,
        // Where the build unwinds, what panicked on the short way does so on the long one, and is answered there.
        Ok(None) | Err(_) => attended(visit, route),
    }
}

fn attended(visit: Visit, route: Result<Route, NoRoute>) -> Promise {
    future_to_promise(AssertUnwindSafe(async { Ok(attend(visit, route).await.into()) }))
}

thread_local! {
    /// Attends to a request that went straight on and came back with what is no plain success.
    static GO_ON: Errand = Closure::own_assert_unwind_safe(|request, env, context, began, reply, error| {
        let mut visit = Visit::of(request, env, context, js::timestamp(began));
        visit.said = Some(Option::<Response>::ok_or(reply, error));
        let route = Route::find(visit.request.method(), visit.request.path());
        attended(visit, route)
    });
}

/// Sends a report straight on to its object, if nothing is wrong with it; most requests are reports, and most reports are
/// answered with just what their object says. Whatever else the object says is attended to like any other request's answer.
fn straight_on(visit: &Visit, route: &Result<Route, NoRoute>) -> Option<Promise> {
    let Ok(route @ Route::Report { job }) = route else { return None };
    // The object does not hear which page asks.
    if visit.config.varies_by_origin() && visit.request.origin().is_some() {
        return None;
    }
    #[cfg(feature = "sabotage")]
    crate::sabotage::at_the_edge(&visit.request);
    let (grant, call, url) = writes::straight_on(visit, job)?;
    let line = visit.line(route.template(), Some(&grant.holder.to_string()));
    let Visit { request, env, context, began, .. } = visit;
    let began = began.millis() as f64;
    Some(GO_ON.with(|go_on| {
        crossing::straight_on(&call.namespace, &call.name, &url, request.inner(), env, context, &line, began, go_on)
    }))
}

async fn attend(mut visit: Visit, route: Result<Route, NoRoute>) -> Response {
    let template = route.as_ref().map_or("-", Route::template);
    let answered = match route {
        _ if visit.request.method() == "OPTIONS" => Ok(preflight()),
        // Where the build unwinds a panic ends its own request, and is answered like any other fault of ours.
        Ok(route) => match AssertUnwindSafe(handle(&mut visit, route)).catch_unwind().await {
            Ok(answer) => answer,
            Err(_) => Err(Refusal::of_panic()),
        },
        Err(no_route) => Err(refuse_route(&no_route)),
    };
    let Visit { request, config, .. } = &visit;
    let mut response = answered.unwrap_or_else(Refusal::into_response);
    if request.method() == "HEAD" {
        response = without_body(&response);
    }
    crossing::bear(&response, config.allowed_origin(request.origin()), config.varies_by_origin());
    let line = visit.line(template, visit.holder.as_deref());
    crossing::log(&line, response.status(), visit.began.millis() as f64);
    response
}

async fn handle(visit: &mut Visit, route: Route) -> Answer {
    #[cfg(feature = "sabotage")]
    crate::sabotage::at_the_edge(&visit.request);
    match route {
        Route::Health => Ok(answer::json(200, &serde_json::json!({"status": "ok"}))),
        Route::CreateJob => writes::create(visit).await,
        Route::Report { job } => writes::report(visit, &job).await,
        Route::Delete { job } => writes::delete(visit, &job).await,
        Route::Status { job } => reads::status(visit, &job).await,
        Route::Batch => reads::batch(visit).await,
        Route::Logs { job } => reads::logs(visit, &job).await,
        Route::Stream { job } => streams::one(visit, &job).await,
        Route::StreamsOfOne => streams::many_of_one(visit).await,
        Route::Streams => streams::many(visit).await,
        Route::CreateToken => tokens::create(visit).await,
        Route::ReadProgress { application, request } => adapters::read_progress(visit, &application, &request).await,
        Route::ReportProgress { application, request } => {
            adapters::report_progress(visit, &application, &request).await
        }
        Route::TaskStatus { task } => adapters::task_status(visit, &task).await,
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
