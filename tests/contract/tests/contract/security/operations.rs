//! Every operation of the API, as a test calls it on one job.

use contract::{
    http::{Answer, Request},
    stream::{FRAME_TIMEOUT, Stream},
};
use serde_json::{Value, json};
use std::time::Instant;

/// An operation and how to call it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    /// Its name in the tables of the tests.
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    /// Path and query, with `{job}` for the job id; `{request}` for the second part of a job id that has two, the first
    /// being [`APPLICATION`].
    pub(crate) path: &'static str,
    /// The body that names the job.
    pub(crate) body: Option<fn(&str) -> Value>,
    /// Where an answer has the result for the job.
    pub(crate) shape: Shape,
}

/// Where an answer has the result for the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// In the status.
    Plain,
    /// In `errors`, each job by itself.
    Batch,
    /// In the first frame.
    Stream,
}

/// The first part of job ids that have two.
pub(crate) const APPLICATION: &str = "matrix";

/// Every operation that needs a credential.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "create",
        method: "POST",
        path: "/v2/jobs",
        body: Some(|job| json!({"jobId": job, "kind": "matrix"})),
        shape: Shape::Plain,
    },
    Operation {
        name: "report",
        method: "POST",
        path: "/v2/jobs/{job}/reports",
        body: Some(|_| json!({"progress": 50})),
        shape: Shape::Plain,
    },
    Operation {
        name: "report-create",
        method: "POST",
        path: "/v2/jobs/{job}/reports?create=true",
        body: Some(|_| json!({"progress": 50})),
        shape: Shape::Plain,
    },
    Operation { name: "delete", method: "DELETE", path: "/v2/jobs/{job}", body: None, shape: Shape::Plain },
    Operation { name: "status", method: "GET", path: "/v2/jobs/{job}/status", body: None, shape: Shape::Plain },
    Operation { name: "badge", method: "GET", path: "/v2/jobs/{job}/badge.svg", body: None, shape: Shape::Plain },
    Operation { name: "logs", method: "GET", path: "/v2/jobs/{job}/logs", body: None, shape: Shape::Plain },
    Operation {
        name: "batch",
        method: "POST",
        path: "/v2/jobs/status/batch",
        body: Some(|job| json!({"jobIds": [job]})),
        shape: Shape::Batch,
    },
    Operation { name: "stream", method: "GET", path: "/v2/jobs/{job}/status/stream", body: None, shape: Shape::Stream },
    Operation {
        name: "streams",
        method: "POST",
        path: "/v2/jobs/status/stream",
        body: Some(|job| json!({"jobs": [{"jobId": job}]})),
        shape: Shape::Stream,
    },
    Operation {
        name: "streams-of-one",
        method: "GET",
        path: "/v2/jobs/status/stream?jobIds={job}",
        body: None,
        shape: Shape::Stream,
    },
    Operation {
        name: "mint",
        method: "POST",
        path: "/v2/tokens",
        body: Some(|job| json!({"jobIds": [job]})),
        shape: Shape::Plain,
    },
    Operation {
        name: "read-progress",
        method: "GET",
        path: "/applications/matrix/requests/{request}/progress",
        body: None,
        shape: Shape::Plain,
    },
    Operation {
        name: "report-progress",
        method: "POST",
        path: "/applications/matrix/requests/{request}/progress",
        body: Some(|_| json!({"current": 1, "total": 2})),
        shape: Shape::Plain,
    },
    Operation { name: "cancel", method: "POST", path: "/v2/jobs/{job}/cancel", body: None, shape: Shape::Plain },
    Operation { name: "pause", method: "POST", path: "/v2/jobs/{job}/pause", body: None, shape: Shape::Plain },
    Operation { name: "resume", method: "POST", path: "/v2/jobs/{job}/resume", body: None, shape: Shape::Plain },
    Operation { name: "retry", method: "POST", path: "/v2/jobs/{job}/retry", body: None, shape: Shape::Plain },
    Operation {
        name: "control-batch",
        method: "POST",
        path: "/v2/jobs/control/batch",
        body: Some(|job| json!({"jobIds": [job], "request": "cancel"})),
        shape: Shape::Batch,
    },
    Operation { name: "deliveries", method: "GET", path: "/v2/jobs/{job}/deliveries", body: None, shape: Shape::Plain },
    Operation {
        name: "redeliver",
        method: "POST",
        path: "/v2/jobs/{job}/deliveries/1/redeliver",
        body: None,
        shape: Shape::Plain,
    },
    Operation { name: "list", method: "GET", path: "/v2/jobs?limit=1", body: None, shape: Shape::Plain },
    Operation { name: "summary", method: "GET", path: "/v2/jobs/summary?kind=matrix", body: None, shape: Shape::Plain },
    Operation { name: "list-stream", method: "GET", path: "/v2/jobs/stream?limit=1", body: None, shape: Shape::Stream },
    Operation { name: "control", method: "GET", path: "/v2/jobs/{job}/control", body: None, shape: Shape::Plain },
    Operation { name: "task-status", method: "GET", path: "/api/task-status/{job}", body: None, shape: Shape::Plain },
];

/// Operations that need no credential.
pub(crate) const PUBLIC_OPERATIONS: &[Operation] =
    &[Operation { name: "health", method: "GET", path: "/healthz", body: None, shape: Shape::Plain }];

impl Operation {
    /// A job id for this operation, made from `name`.
    pub(crate) fn job_id(&self, name: &str) -> String {
        if self.path.contains("{request}") { format!("{APPLICATION}:{name}") } else { name.to_owned() }
    }

    /// The request for that job, without a credential.
    pub(crate) fn request(&self, job: &str) -> Request {
        let request = job.split_once(':').map_or(job, |(_, request)| request);
        let path = self.path.replace("{job}", job).replace("{request}", request);
        let http = Request { method: self.method.to_owned(), path, ..Request::default() };
        match self.body {
            Some(body) => http.json(&body(job)),
            None => http,
        }
    }

    /// Sends the request and reads the answer; of a stream only the head and the first frame.
    pub(crate) fn send(&self, request: &Request) -> Answer {
        if self.shape != Shape::Stream {
            return request.send();
        }
        let mut stream = Stream::open(request).unwrap();
        let headers = std::mem::take(&mut stream.headers);
        if stream.status != 200 {
            let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, length)| length.clone());
            stream.headers.extend(length.map(|length| ("content-length".to_owned(), length)));
            return Answer { status: stream.status, text: stream.rest(), headers };
        }
        let first = stream.frame(Instant::now() + FRAME_TIMEOUT).unwrap().expect("a first frame");
        Answer { status: stream.status, headers, text: first.data }
    }

    /// The result for the job: the status; for a problem inside a 200, both statuses with a slash between them.
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
