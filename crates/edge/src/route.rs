//! The table of routes: a path and a method become an operation.

/// What is asked for; names in paths are still as they were sent, percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Health,
    CreateJob,
    Report { job: String },
    Status { job: String },
    Batch,
    Stream { job: String },
    Streams,
    StreamsOfOne,
    Logs { job: String },
    Delete { job: String },
    CreateToken,
    ReadProgress { application: String, request: String },
    ReportProgress { application: String, request: String },
    TaskStatus { task: String },
}

/// Why there is no route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoRoute {
    /// No such path.
    Path,
    /// The path takes only these methods.
    Method(&'static str),
}

impl Route {
    /// The route of a request; HEAD is routed as GET. The method is the word as it came: `worker::Method` takes every word
    /// it does not know for GET.
    pub(crate) fn find(method: &str, path: &str) -> Result<Route, NoRoute> {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let get = matches!(method, "GET" | "HEAD");
        let post = method == "POST";
        let one = |route: Route, allowed: bool, allow: &'static str| {
            if allowed { Ok(route) } else { Err(NoRoute::Method(allow)) }
        };
        const GET: &str = "GET, HEAD, OPTIONS";
        const POST: &str = "POST, OPTIONS";
        match segments.as_slice() {
            ["healthz"] => one(Route::Health, get, GET),
            ["v2", "jobs"] => one(Route::CreateJob, post, POST),
            ["v2", "jobs", "status", "batch"] => one(Route::Batch, post, POST),
            ["v2", "jobs", "status", "stream"] if method == "GET" => Ok(Route::StreamsOfOne),
            ["v2", "jobs", "status", "stream"] => one(Route::Streams, post, "GET, POST, OPTIONS"),
            ["v2", "tokens"] => one(Route::CreateToken, post, POST),
            ["v2", "jobs", job] => one(Route::Delete { job: decode(job) }, method == "DELETE", "DELETE, OPTIONS"),
            ["v2", "jobs", job, "reports"] => one(Route::Report { job: decode(job) }, post, POST),
            ["v2", "jobs", job, "status"] => one(Route::Status { job: decode(job) }, get, GET),
            // A stream has no end that HEAD could wait for.
            ["v2", "jobs", job, "status", "stream"] => {
                one(Route::Stream { job: decode(job) }, method == "GET", "GET, OPTIONS")
            }
            ["v2", "jobs", job, "logs"] => one(Route::Logs { job: decode(job) }, get, GET),
            ["applications", application, "requests", request, "progress"] => {
                let (application, request) = (decode(application), decode(request));
                if get {
                    return Ok(Route::ReadProgress { application, request });
                }
                one(Route::ReportProgress { application, request }, post, "GET, HEAD, POST, OPTIONS")
            }
            ["api", "task-status", task] => one(Route::TaskStatus { task: decode(task) }, get, GET),
            _ => Err(NoRoute::Path),
        }
    }

    /// The route's path with its names left open, which is what logs may show.
    pub(crate) fn template(&self) -> &'static str {
        match self {
            Route::Health => "/healthz",
            Route::CreateJob => "/v2/jobs",
            Route::Report { .. } => "/v2/jobs/{jobId}/reports",
            Route::Status { .. } => "/v2/jobs/{jobId}/status",
            Route::Batch => "/v2/jobs/status/batch",
            Route::Stream { .. } => "/v2/jobs/{jobId}/status/stream",
            Route::Streams | Route::StreamsOfOne => "/v2/jobs/status/stream",
            Route::Logs { .. } => "/v2/jobs/{jobId}/logs",
            Route::Delete { .. } => "/v2/jobs/{jobId}",
            Route::CreateToken => "/v2/tokens",
            Route::ReadProgress { .. } | Route::ReportProgress { .. } => {
                "/applications/{application}/requests/{requestId}/progress"
            }
            Route::TaskStatus { .. } => "/api/task-status/{taskId}",
        }
    }
}

/// The segment with its percent-encoding undone; what is no UTF-8 afterwards is no name anyway.
fn decode(segment: &str) -> String {
    if !segment.contains('%') {
        return segment.to_owned();
    }
    js_sys::decode_uri_component(segment).map_or_else(|_| segment.to_owned(), String::from)
}
