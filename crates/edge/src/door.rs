//! The door: one request in, one answer out, with what every answer bears and one line of log.

use std::rc::Rc;

use protocol::{Problem, problem::Code};
use worker::{Context, Env, Request, Response};

use crate::{
    adapters,
    answer::{self, Answer, Refusal, set},
    config::Config,
    js, reads,
    route::{NoRoute, Route},
    streams, tokens, writes,
};

/// A request being answered.
pub(crate) struct Visit {
    pub(crate) request: Request,
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
    let method = request.inner().method();
    let origin = request.headers().get("Origin").ok().flatten();
    let route = Route::find(&method, &request.path());
    let template = route.as_ref().map_or("-", Route::template);
    let mut visit = Visit { request, env, context, config: Rc::clone(&config), holder: None };
    let answered = match route {
        _ if method == "OPTIONS" => Ok(preflight()),
        Ok(route) => handle(&mut visit, route).await,
        Err(no_route) => Err(refuse_route(&no_route)),
    };
    let response = answered.unwrap_or_else(Refusal::into_response);
    let response = if method == "HEAD" { without_body(response) } else { response };
    bear(&response, &config, origin.as_deref());
    let line = serde_json::json!({
        "method": method,
        "route": template,
        "status": response.status_code(),
        "ms": js::now().millis().saturating_sub(began.millis()),
        "by": visit.holder,
    });
    worker::console_log!("{line}");
    response
}

async fn handle(visit: &mut Visit, route: Route) -> Answer {
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
    let headers = response.headers();
    set(headers, "Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE");
    set(headers, "Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID, If-None-Match");
    set(headers, "Access-Control-Max-Age", "86400");
    response
}

fn without_body(response: Response) -> Response {
    let (builder, _) = response.into_parts();
    builder.empty()
}

/// What every answer bears.
fn bear(response: &Response, config: &Config, origin: Option<&str>) {
    let headers = response.headers();
    // Readers correct their clocks by it.
    set(headers, "Date", &js::http_date());
    if let Some(origin) = config.allowed_origin(origin) {
        set(headers, "Access-Control-Allow-Origin", origin);
        set(headers, "Access-Control-Expose-Headers", "Date, ETag, Retry-After, Content-Type, WWW-Authenticate");
    }
    if config.varies_by_origin() {
        set(headers, "Vary", "Origin");
    }
    if !headers.has("Cache-Control").unwrap_or(false) {
        set(headers, "Cache-Control", "no-store");
    }
    set(headers, "X-Content-Type-Options", "nosniff");
    set(headers, "Referrer-Policy", "no-referrer");
    set(headers, "Cross-Origin-Resource-Policy", "cross-origin");
    set(headers, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    set(headers, "Strict-Transport-Security", "max-age=31536000");
}
