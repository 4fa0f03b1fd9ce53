//! Every operation of the API, as a test calls it on one job.

use contract::{
    http::{Answer, Request},
    stream::{FRAME_TIMEOUT, Stream},
};
use serde_json::{Value, json};
use std::time::Instant;

/// An operation: a row of tables, and how to call it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    /// Its name in tables.
    pub(crate) name: &'static str,
    /// Its name in the table of routes, `crates/edge/src/route.rs`.
    pub(crate) route: &'static str,
    pub(crate) method: &'static str,
    /// Path and query, with `{job}` for the job; `{request}` for a job that is named by two ids, whose first is
    /// [`APPLICATION`].
    pub(crate) path: &'static str,
    /// The body that names the job.
    pub(crate) body: Option<fn(&str) -> Value>,
    /// What the answer looks like.
    pub(crate) shape: Shape,
}

/// Where the fate of the job stands in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// In the status.
    Plain,
    /// In `errors`, each job by itself.
    Batch,
    /// In the first frame.
    Stream,
}

/// The first id of jobs that are named by two.
pub(crate) const APPLICATION: &str = "matrix";

/// Every operation that needs a credential.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "create",
        route: "CreateJob",
        method: "POST",
        path: "/v2/jobs",
        body: Some(|job| json!({"jobId": job, "kind": "matrix"})),
        shape: Shape::Plain,
    },
    Operation {
        name: "report",
        route: "Report",
        method: "POST",
        path: "/v2/jobs/{job}/reports",
        body: Some(|_| json!({"progress": 50})),
        shape: Shape::Plain,
    },
    Operation {
        name: "report-create",
        route: "Report",
        method: "POST",
        path: "/v2/jobs/{job}/reports?create=true",
        body: Some(|_| json!({"progress": 50})),
        shape: Shape::Plain,
    },
    Operation {
        name: "delete",
        route: "Delete",
        method: "DELETE",
        path: "/v2/jobs/{job}",
        body: None,
        shape: Shape::Plain,
    },
    Operation {
        name: "status",
        route: "Status",
        method: "GET",
        path: "/v2/jobs/{job}/status",
        body: None,
        shape: Shape::Plain,
    },
    Operation {
        name: "logs",
        route: "Logs",
        method: "GET",
        path: "/v2/jobs/{job}/logs",
        body: None,
        shape: Shape::Plain,
    },
    Operation {
        name: "batch",
        route: "Batch",
        method: "POST",
        path: "/v2/jobs/status/batch",
        body: Some(|job| json!({"jobIds": [job]})),
        shape: Shape::Batch,
    },
    Operation {
        name: "stream",
        route: "Stream",
        method: "GET",
        path: "/v2/jobs/{job}/status/stream",
        body: None,
        shape: Shape::Stream,
    },
    Operation {
        name: "streams",
        route: "Streams",
        method: "POST",
        path: "/v2/jobs/status/stream",
        body: Some(|job| json!({"jobs": [{"jobId": job}]})),
        shape: Shape::Stream,
    },
    Operation {
        name: "streams-of-one",
        route: "StreamsOfOne",
        method: "GET",
        path: "/v2/jobs/status/stream?jobIds={job}",
        body: None,
        shape: Shape::Stream,
    },
    Operation {
        name: "mint",
        route: "CreateToken",
        method: "POST",
        path: "/v2/tokens",
        body: Some(|job| json!({"jobIds": [job]})),
        shape: Shape::Plain,
    },
    Operation {
        name: "read-progress",
        route: "ReadProgress",
        method: "GET",
        path: "/applications/matrix/requests/{request}/progress",
        body: None,
        shape: Shape::Plain,
    },
    Operation {
        name: "report-progress",
        route: "ReportProgress",
        method: "POST",
        path: "/applications/matrix/requests/{request}/progress",
        body: Some(|_| json!({"current": 1, "total": 2})),
        shape: Shape::Plain,
    },
    Operation {
        name: "task-status",
        route: "TaskStatus",
        method: "GET",
        path: "/api/task-status/{job}",
        body: None,
        shape: Shape::Plain,
    },
];

/// Operations that need no credential.
pub(crate) const OPEN: &[Operation] =
    &[Operation { name: "health", route: "Health", method: "GET", path: "/healthz", body: None, shape: Shape::Plain }];

impl Operation {
    /// The id of the job it is about, made of `name`.
    pub(crate) fn job(&self, name: &str) -> String {
        if self.path.contains("{request}") { format!("{APPLICATION}:{name}") } else { name.to_owned() }
    }

    /// The call on that job, without a credential.
    pub(crate) fn call(&self, job: &str) -> Request {
        let request = job.split_once(':').map_or(job, |(_, request)| request);
        let path = self.path.replace("{job}", job).replace("{request}", request);
        let call = Request { method: self.method.to_owned(), path, ..Request::default() };
        match self.body {
            Some(body) => call.json(&body(job)),
            None => call,
        }
    }

    /// Sends the call and reads the answer, of a stream the head and what comes first.
    pub(crate) fn send(&self, call: &Request) -> Answer {
        if self.shape != Shape::Stream {
            return call.send();
        }
        let mut stream = Stream::open(call).unwrap();
        let headers = std::mem::take(&mut stream.headers);
        if stream.status != 200 {
            let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, length)| length.clone());
            stream.headers.extend(length.map(|length| ("content-length".to_owned(), length)));
            return Answer { status: stream.status, text: stream.rest(), headers };
        }
        let first = stream.frame(Instant::now() + FRAME_TIMEOUT).unwrap().expect("a stream says something");
        Answer { status: stream.status, headers, text: first.data }
    }

    /// What became of the job: the status, or after a slash that of the problem which stands inside a 200.
    pub(crate) fn outcome(&self, answer: &Answer) -> String {
        let body = answer.json();
        let inside = match self.shape {
            Shape::Batch => body.pointer("/errors/0/error"),
            Shape::Stream => body.get("error"),
            Shape::Plain => None,
        };
        match inside.and_then(Value::as_str).filter(|_| answer.status == 200) {
            None => answer.status.to_string(),
            Some("UNAUTHENTICATED") => "200/401".to_owned(),
            Some("ACCESS_DENIED") => "200/403".to_owned(),
            Some("JOB_NOT_FOUND") => "200/404".to_owned(),
            Some(other) => format!("200/{other}"),
        }
    }
}
