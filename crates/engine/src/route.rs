//! The routes of the API: a method and a path become an operation.

mod path;

use protocol::control::ControlRequest;

use self::path::{decode, names, without_extra_slashes};
use crate::shutdown::Step;

/// An operation, with the names that its path contains, percent-decoded. They are not checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names in the paths of `ROUTES` say what the fields are")]
pub enum Route {
    /// Reports that the worker runs.
    Health,
    /// Creates a job.
    CreateJob,
    /// Lists the jobs of a project.
    List,
    /// Sums up the jobs of a project.
    Summary,
    /// Streams the list of the jobs of a project.
    StreamList,
    /// Applies reports to a job.
    Report { job: String },
    /// Reads the document of a job.
    Status { job: String },
    /// Draws the state of a job.
    Badge { job: String },
    /// Reads the documents of several jobs.
    Batch,
    /// Streams one job.
    Stream { job: String },
    /// Streams several jobs, each with a token of its own.
    StreamWithTokens,
    /// Streams several jobs with one credential.
    StreamMany,
    /// Reads the log of a job.
    Logs { job: String },
    /// Deletes a job.
    Delete { job: String },
    /// Makes a control request.
    Control { job: String, request: ControlRequest },
    /// Makes the same control request for several jobs.
    ControlMany,
    /// Reads the pending control request.
    ReadControl { job: String },
    /// Lists the deliveries of a job.
    Deliveries { job: String },
    /// Sends a delivery again.
    Redeliver { job: String, number: String },
    /// Mints a token.
    CreateToken,
    /// Reads the progress of a request of the Tensorlake API.
    ReadProgress { application: String, request: String },
    /// Reports the progress of a request of the Tensorlake API.
    ReportProgress { application: String, request: String },
    /// Reads the status of a task of the Flask API.
    TaskStatus { task: String },
    /// Reads the metrics of a server.
    Metrics,
    /// Takes a step towards the end of a server.
    Shutdown(Step),
}

/// Why a request has no route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// The path does not exist.
    Path,
    /// The path has a `/` too many; this is the right one, to which a GET or HEAD is redirected.
    Redirect(String),
    /// The path has a `/` too many; this is the template of the right one. Programs do not follow the redirect of a request
    /// with a body in the same way, so it is not redirected.
    ExtraSlash(&'static str),
    /// The path does not allow the method; these are the allowed methods, as the header `Allow` lists them.
    Method(String),
}

/// A row of the table of routes.
struct Row {
    methods: &'static [&'static str],
    template: &'static str,
    /// Makes the route of the names in the path, in order; a path has two at most.
    route: fn(String, String) -> Route,
}

const READ: &[&str] = &["GET", "HEAD"];
/// A stream is not for HEAD, which would wait for the end of the stream.
const STREAM: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];
const DELETE: &[&str] = &["DELETE"];

/// No path and method match two templates. The most frequent route comes first.
const ROUTES: [Row; 26] = [
    row(POST, "/v2/jobs/{jobId}/reports", |job, _| Route::Report { job }),
    row(READ, "/v2/jobs/{jobId}/status", |job, _| Route::Status { job }),
    row(STREAM, "/v2/jobs/{jobId}/status/stream", |job, _| Route::Stream { job }),
    row(STREAM, "/v2/jobs/status/stream", |_, _| Route::StreamMany),
    row(POST, "/v2/jobs/status/stream", |_, _| Route::StreamWithTokens),
    row(POST, "/v2/jobs/status/batch", |_, _| Route::Batch),
    row(READ, "/v2/jobs/{jobId}/logs", |job, _| Route::Logs { job }),
    row(READ, "/v2/jobs/{jobId}/badge.svg", |job, _| Route::Badge { job }),
    row(POST, "/v2/jobs", |_, _| Route::CreateJob),
    row(READ, "/v2/jobs", |_, _| Route::List),
    row(READ, "/v2/jobs/summary", |_, _| Route::Summary),
    row(STREAM, "/v2/jobs/stream", |_, _| Route::StreamList),
    row(POST, "/v2/jobs/{jobId}/cancel", |job, _| Route::Control { job, request: ControlRequest::Cancel }),
    row(POST, "/v2/jobs/{jobId}/pause", |job, _| Route::Control { job, request: ControlRequest::Pause }),
    row(POST, "/v2/jobs/{jobId}/resume", |job, _| Route::Control { job, request: ControlRequest::Resume }),
    row(POST, "/v2/jobs/{jobId}/retry", |job, _| Route::Control { job, request: ControlRequest::Retry }),
    row(READ, "/v2/jobs/{jobId}/control", |job, _| Route::ReadControl { job }),
    row(POST, "/v2/jobs/control/batch", |_, _| Route::ControlMany),
    row(DELETE, "/v2/jobs/{jobId}", |job, _| Route::Delete { job }),
    row(READ, "/v2/jobs/{jobId}/deliveries", |job, _| Route::Deliveries { job }),
    row(POST, "/v2/jobs/{jobId}/deliveries/{number}/redeliver", |job, number| Route::Redeliver { job, number }),
    row(POST, "/v2/tokens", |_, _| Route::CreateToken),
    row(READ, "/applications/{application}/requests/{requestId}/progress", |application, request| {
        Route::ReadProgress { application, request }
    }),
    row(POST, "/applications/{application}/requests/{requestId}/progress", |application, request| {
        Route::ReportProgress { application, request }
    }),
    row(READ, "/api/task-status/{taskId}", |task, _| Route::TaskStatus { task }),
    row(READ, "/healthz", |_, _| Route::Health),
];

/// The routes that only a server has. They are not a part of the protocol.
const SERVER_ROUTES: [Row; 3] = [
    row(READ, "/metrics", |_, _| Route::Metrics),
    row(POST, "/server/drain", |_, _| Route::Shutdown(Step::Announce)),
    row(POST, "/server/end-streams", |_, _| Route::Shutdown(Step::EndStreams)),
];

const fn row(methods: &'static [&'static str], template: &'static str, route: fn(String, String) -> Route) -> Row {
    Row { methods, template, route }
}

/// A route that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The operation.
    pub route: Route,
    /// The path with placeholders for the names; logs may show it.
    pub template: &'static str,
}

impl Route {
    /// The method and the path template of every route, for tests that compare the table with the documentation. HEAD is
    /// left out: it is allowed where GET is, except for streams.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        ROUTES.iter().filter_map(|row| Some((*row.methods.first()?, row.template)))
    }

    /// Finds the route of a request. `method` is compared as it was sent, in upper case; `path` is the path of the URL,
    /// still percent-encoded.
    ///
    /// ```
    /// use engine::route::{NoRoute, Route};
    /// let found = Route::find("GET", "/v2/jobs/import%2D42/status").unwrap();
    /// assert_eq!(found.route, Route::Status { job: "import-42".to_owned() });
    /// assert_eq!(found.template, "/v2/jobs/{jobId}/status");
    /// assert_eq!(Route::find("PUT", "/v2/jobs"), Err(NoRoute::Method("POST, GET, HEAD, OPTIONS".to_owned())));
    /// ```
    ///
    /// # Errors
    ///
    /// [`NoRoute::Path`] if no route has this path, [`NoRoute::Method`] if the path has routes for other methods only,
    /// [`NoRoute::Redirect`] or [`NoRoute::ExtraSlash`] if the path without its superfluous `/` has a route.
    pub fn find(method: &str, path: &str) -> Result<Match, NoRoute> {
        match (find_exactly(&ROUTES, method, path), without_extra_slashes(path)) {
            (Err(no_route), Some(right)) => Err(match find_exactly(&ROUTES, method, &right) {
                Ok(_) if READ.contains(&method) => NoRoute::Redirect(right),
                Ok(found) => NoRoute::ExtraSlash(found.template),
                Err(_) => no_route,
            }),
            (found, _) => found,
        }
    }

    /// The same on a server, which has routes that Cloudflare's worker does not have.
    ///
    /// # Errors
    ///
    /// Those of [`Route::find`].
    pub fn find_on_server(method: &str, path: &str) -> Result<Match, NoRoute> {
        match Route::find(method, path) {
            Err(NoRoute::Path) => find_exactly(&SERVER_ROUTES, method, path),
            found => found,
        }
    }
}

/// Whether the path is of a static file for which the platform asks the worker first: those of `run_worker_first` in
/// wrangler.toml.
pub fn is_fetched_file(path: &str) -> bool {
    path.ends_with(".wasm") || path == "/openapi.json"
}

fn find_exactly(rows: &[Row], method: &str, path: &str) -> Result<Match, NoRoute> {
    let mut allowed = Vec::new();
    for row in rows {
        let Some([first, second]) = names(row.template, path) else { continue };
        if row.methods.contains(&method) {
            return Ok(Match { route: (row.route)(decode(first), decode(second)), template: row.template });
        }
        allowed.extend(row.methods);
    }
    if allowed.is_empty() {
        return Err(NoRoute::Path);
    }
    allowed.push("OPTIONS");
    Err(NoRoute::Method(allowed.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, path: &str) -> Route {
        Route::find(method, path).unwrap().route
    }

    fn allowed(method: &str, path: &str) -> String {
        match Route::find(method, path).unwrap_err() {
            NoRoute::Method(allowed) => allowed,
            no_route => panic!("{path}: {no_route:?}"),
        }
    }

    #[test]
    fn every_row_of_the_table_is_found_by_its_own_template() {
        for (method, template) in Route::all() {
            assert_eq!(Route::find(method, template).unwrap().template, template, "{method}");
        }
    }

    #[test]
    fn the_routes_of_a_server_are_found_on_a_server_only() {
        let on_server = |method: &str, path: &str| Route::find_on_server(method, path).map(|found| found.route);
        assert_eq!(on_server("GET", "/metrics"), Ok(Route::Metrics));
        assert_eq!(on_server("POST", "/server/end-streams"), Ok(Route::Shutdown(Step::EndStreams)));
        assert_eq!(on_server("POST", "/metrics"), Err(NoRoute::Method("GET, HEAD, OPTIONS".to_owned())));
        assert_eq!(on_server("GET", "/healthz"), Ok(Route::Health));
        assert_eq!(on_server("GET", "/server"), Err(NoRoute::Path));
        for row in &SERVER_ROUTES {
            assert_eq!(Route::find("GET", row.template), Err(NoRoute::Path));
        }
    }

    #[test]
    fn every_row_of_the_table_makes_a_route_of_its_own() {
        let routes: Vec<Route> = Route::all().map(|(method, template)| route(method, template)).collect();
        for (index, route) in routes.iter().enumerate() {
            assert!(!routes[..index].contains(route), "{route:?} is made twice");
        }
    }

    #[test]
    fn the_files_that_the_worker_passes_on_are_those_of_the_deployment() {
        let settings = include_str!("../../../wrangler.toml");
        assert!(settings.contains("\nrun_worker_first = [\"/*.wasm\", \"/openapi.json\"]\n"));
        assert!(is_fetched_file("/job-progress-element.wasm") && is_fetched_file("/openapi.json"));
        assert!(!is_fetched_file("/") && !is_fetched_file("/job-progress.js") && !is_fetched_file("/a/openapi.json"));
    }

    #[test]
    fn names_are_taken_from_the_path_in_order() {
        let (application, request) = ("a".to_owned(), "b".to_owned());
        assert_eq!(
            route("POST", "/applications/a/requests/b/progress"),
            Route::ReportProgress { application, request }
        );
        let (application, request) = (String::new(), "b".to_owned());
        assert_eq!(route("GET", "/applications//requests/b/progress"), Route::ReadProgress { application, request });
        assert_eq!(route("POST", "/v2/jobs/status/reports"), Route::Report { job: "status".to_owned() });
        assert_eq!(route("GET", "/v2/jobs/status/status"), Route::Status { job: "status".to_owned() });
        assert_eq!(route("POST", "/v2/jobs/status/batch"), Route::Batch);
    }

    #[test]
    fn head_is_routed_as_get_except_for_streams() {
        assert_eq!(route("HEAD", "/v2/jobs/a/status"), Route::Status { job: "a".to_owned() });
        assert_eq!(allowed("HEAD", "/v2/jobs/a/status/stream"), "GET, OPTIONS");
        assert_eq!(allowed("HEAD", "/v2/jobs/status/stream"), "GET, POST, OPTIONS");
    }

    #[test]
    fn a_method_that_a_path_does_not_allow_is_answered_with_those_that_it_does() {
        assert_eq!(allowed("PATCH", "/healthz"), "GET, HEAD, OPTIONS");
        assert_eq!(allowed("GET", "/v2/jobs/a"), "DELETE, OPTIONS");
        assert_eq!(allowed("post", "/v2/tokens"), "POST, OPTIONS");
        assert_eq!(allowed("PUT", "/applications/a/requests/b/progress"), "GET, HEAD, POST, OPTIONS");
    }

    #[test]
    fn a_path_that_is_shorter_longer_or_spelled_differently_does_not_exist() {
        for path in ["", "/", "//", "/v2", "/v2/", "/v2/jobs/a/", "/V2/jobs", "/healthz/x", "//v2/jobs/a/nothing/"] {
            assert_eq!(Route::find("GET", path), Err(NoRoute::Path), "{path}");
        }
        assert_eq!(route("DELETE", "/v2/jobs/"), Route::Delete { job: String::new() });
        // Without its `/` the path is another one, which can be read.
        assert_eq!(Route::find("GET", "/v2/jobs/"), Err(NoRoute::Redirect("/v2/jobs".to_owned())));
        assert_eq!(route("DELETE", "/v2/jobs/stream"), Route::Delete { job: "stream".to_owned() });
    }

    #[test]
    fn a_read_of_a_path_with_a_slash_too_many_is_redirected_to_the_right_path() {
        for (path, right) in [
            ("/healthz/", "/healthz"),
            ("//healthz", "/healthz"),
            ("/v2/jobs/a/status/", "/v2/jobs/a/status"),
            ("//v2/jobs/a%2Db/status", "/v2/jobs/a%2Db/status"),
            ("/v2//jobs///a/status//stream//", "/v2/jobs/a/status/stream"),
        ] {
            assert_eq!(Route::find("GET", path), Err(NoRoute::Redirect(right.to_owned())), "{path}");
        }
        assert_eq!(Route::find("HEAD", "/healthz/"), Err(NoRoute::Redirect("/healthz".to_owned())));
        assert_eq!(Route::find("HEAD", "/v2/jobs/a/status/stream/"), Err(NoRoute::Path));
    }

    #[test]
    fn a_change_at_a_path_with_a_slash_too_many_is_refused_with_the_right_path() {
        for (method, path, template) in [
            ("POST", "/v2/jobs/", "/v2/jobs"),
            ("POST", "//v2/jobs/a/reports", "/v2/jobs/{jobId}/reports"),
            ("POST", "/v2/jobs/a/reports/", "/v2/jobs/{jobId}/reports"),
            ("DELETE", "/v2/jobs/a/", "/v2/jobs/{jobId}"),
        ] {
            assert_eq!(Route::find(method, path), Err(NoRoute::ExtraSlash(template)), "{path}");
        }
    }
}
