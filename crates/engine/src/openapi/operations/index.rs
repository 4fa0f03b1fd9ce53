//! The operations of the index: the list of a project's jobs.

use protocol::problem::Code;
use serde_json::{Value, json};

use super::{ALWAYS, Operation, schema};
use crate::openapi::{parameters, responses};

/// Who may read a list.
const WHO: &str =
    "Permission `jobs:read`: a key reads the jobs of its project, a token by tag those that carry its tags.";

pub(super) fn list_jobs() -> Value {
    let description = format!(
        "The index learns of a change of a job after its commit, usually within a second. A page can have fewer jobs than \
         `limit`, also none, although others follow: `nextCursor` is absent only at the end. {WHO}"
    );
    let pages = [parameters::order(), parameters::limit_of_list(), parameters::list_cursor()];
    Operation::new("listJobs", "readers", "List jobs", &description)
        .parameters(parameters::filters().into_iter().chain(pages).collect())
        .response(200, responses::json("A page of the list.", schema("JobList"), &["jobList"]))
        .problems(&[&ALWAYS, &[Code::RateLimitExceeded, Code::Overloaded]])
}

pub(super) fn get_summary() -> Value {
    Operation::new("getJobsSummary", "readers", "Count jobs by state and by kind", WHO)
        .parameters(parameters::filters())
        .response(200, responses::json("The counts.", schema("JobsSummary"), &["jobsSummary"]))
        .problems(&[&ALWAYS, &[Code::RateLimitExceeded, Code::Overloaded]])
}

pub(super) fn stream_list() -> Value {
    let description = format!(
        "First an event `page` with the first page, then `job` with each row that is added or changed, and `removed` with \
         the id of each that the list has no more. {WHO}"
    );
    let frames = json!({
        "description": "Server-sent events: `page`, `job`, `removed`, and `problem` when the token expires.",
        "content": { "text/event-stream": { "schema": { "type": "string" } } },
    });
    Operation::new("streamJobList", "streams", "Stream a list of jobs", &description)
        .parameters(
            parameters::filters().into_iter().chain([parameters::order(), parameters::limit_of_list()]).collect(),
        )
        .response(200, frames)
        .problems(&[&ALWAYS, &[Code::RateLimitExceeded, Code::Overloaded]])
}
