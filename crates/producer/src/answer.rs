//! The answer to a request, and what it means for the producer.

use std::time::Duration;

use protocol::{Status, control::Control};
use serde_json::Value;

use crate::problem::Problem;

/// The longest time that a server can make a producer wait.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(600);

/// HTTP statuses below 500 after which the same request may succeed later.
const LATER: [u16; 3] = [408, 425, 429];

/// An HTTP response, read to its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The header `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// The header `ETag`.
    pub(crate) etag: Option<String>,
    /// The body as JSON; null if it is not JSON.
    pub(crate) body: Value,
}

/// What an answer means.
#[derive(Debug)]
pub(crate) enum Meaning {
    /// The server has accepted the request.
    Accepted(Accepted),
    /// The same request may succeed later.
    Later { retry_after: Option<Duration> },
    /// One item of the list is malformed; the others were not looked at.
    ItemRefused { index: usize, problem: Problem },
    /// All items of the request are refused.
    ListRefused(Problem),
    /// The producer may not report, or there is no such job.
    Denied(Problem),
}

/// A response to reports that the server has accepted, or to the question for control requests.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// The state of the job.
    pub(crate) status: Option<Status>,
    /// The attempt of the job.
    pub(crate) attempt: Option<u64>,
    /// The pending request.
    pub(crate) control: Option<Control>,
    /// Whether an item came after the end of the job.
    pub(crate) is_finished: bool,
    /// Whether an item was a repeat, or of another attempt.
    pub(crate) is_stale: bool,
    /// Whether the last item was refused alone.
    pub(crate) is_last_refused: bool,
    /// Items that were refused alone.
    pub(crate) problems: Vec<Problem>,
    /// The URL of the page that shows the job and other URLs, if the job was created.
    pub(crate) links: Option<Value>,
    /// A token that can read the job, if the job was created.
    pub(crate) token: Option<String>,
}

impl Answer {
    /// What the answer means; `None` is no response.
    pub(crate) fn meaning(answer: Option<Answer>) -> Meaning {
        let Some(answer) = answer else { return Meaning::Later { retry_after: None } };
        let retry_after = answer.retry_after.map(|seconds| Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER));
        let later = Meaning::Later { retry_after };
        if LATER.contains(&answer.status) || answer.status >= 500 {
            return later;
        }
        if (200..300).contains(&answer.status) {
            return Accepted::read(&answer.body).map_or(later, Meaning::Accepted);
        }
        let Some(problem) = Problem::read(answer.status, &answer.body, retry_after) else { return later };
        let index = problem.details.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
        match (answer.status, index) {
            (400 | 409 | 413, Some(index)) => Meaning::ItemRefused { index, problem },
            (400 | 409 | 413 | 415, _) => Meaning::ListRefused(problem),
            _ => Meaning::Denied(problem),
        }
    }
}

impl Accepted {
    /// Reads a response; `None` if it is not of this API.
    fn read(body: &Value) -> Option<Accepted> {
        body.get("jobId")?.as_str()?;
        let results = body.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let has_reason =
            |reason: &str| results.iter().any(|result| result.get("reason").is_some_and(|is| is == reason));
        let control = body.get("control").and_then(|control| serde_json::from_value(control.clone()).ok());
        Some(Accepted {
            status: body.get("status").and_then(Value::as_str).and_then(Status::parse),
            attempt: body.get("attempt").and_then(Value::as_u64),
            control,
            is_finished: has_reason("finished"),
            is_stale: has_reason("stale"),
            is_last_refused: results.last().is_some_and(|result| result.get("error").is_some()),
            problems: results.iter().filter_map(|result| Problem::read(200, result, None)).collect(),
            links: body.get("links").cloned(),
            token: body.get("token").and_then(Value::as_str).map(str::to_owned),
        })
    }
}
