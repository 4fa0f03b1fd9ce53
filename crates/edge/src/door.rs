//! The door: one request in, one answer out, with what every answer bears and one line of log.

use std::{panic::AssertUnwindSafe, rc::Rc};

use futures_util::FutureExt as _;

use protocol::{Problem, problem::Code};
use serde::Serialize;
use web_sys::{Request, Response};
use worker::{Context, Env};

use crate::{
    adapters,
    answer::{self, Answer, Refusal, set, text_of},
    config::Config,
    crossing,
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
    /// Who asks, once that is known; for the log.
    pub(crate) holder: Option<String>,
}

/// Answers a request.
pub(crate) async fn answer(request: Request, env: Env, context: Context) -> Response {
    let began = js::now();
    let config = Config::of(&env);
    let request = Incoming::of(request);
    let route = Route::find(request.method(), request.path());
    let template = route.as_ref().map_or("-", Route::template);
    let mut visit = Visit { request, env, context, config, holder: None };
    let answered = match route {
        _ if visit.request.method() == "OPTIONS" => Ok(preflight()),
        // Where the build unwinds a panic ends its own request, and is answered like any other fault of ours.
        Ok(route) => match AssertUnwindSafe(handle(&mut visit, route)).catch_unwind().await {
            Ok(answer) => answer,
            Err(_) => Err(Refusal::of_panic()),
        },
        Err(no_route) => Err(refuse_route(&no_route)),
    };
    let Visit { request, config, holder, .. } = visit;
    let mut response = answered.unwrap_or_else(Refusal::into_response);
    if request.method() == "HEAD" {
        response = without_body(&response);
    }
    crossing::bear(&response, config.allowed_origin(request.origin()), config.varies_by_origin());
    let ms = js::now().millis().saturating_sub(began.millis());
    let line = Line { method: request.method(), route: template, status: response.status(), ms, by: holder };
    worker::console_log!("{}", text_of(&line));
    response
}

/// The line of the log that tells of a request.
#[derive(Serialize)]
struct Line<'a> {
    method: &'a str,
    route: &'a str,
    status: u16,
    ms: u64,
    by: Option<String>,
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
