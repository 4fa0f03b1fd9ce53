//! The operations of control.

use protocol::problem::Code;
use serde_json::{Value, json};

use super::{ALWAYS, BODY, Operation, READ, parameters, reference, responses, schema};

/// The problems of every control request to one job.
const CONTROL: [Code; 5] =
    [Code::JobNotFound, Code::InvalidTransition, Code::RateLimitExceeded, Code::Overloaded, Code::InsufficientStorage];

pub(super) fn cancel_job() -> Value {
    let description = "A queued job is cancelled at once, and with `force` any job that has not ended. In every other case \
                       the request is pending until the producer reports `cancelled` or another end.";
    request("cancelJob", "Cancel a job", description, "Cancellation", "cancellation")
}

pub(super) fn pause_job() -> Value {
    request(
        "pauseJob",
        "Pause a job",
        "The request is pending until the producer reports `paused`.",
        "ControlReason",
        "reason",
    )
}

pub(super) fn resume_job() -> Value {
    let description = "The request is pending until the producer reports `running`.";
    request("resumeJob", "Resume a paused job", description, "ControlReason", "reason")
}

pub(super) fn retry_job() -> Value {
    let description =
        "A job that failed, was cancelled or timed out begins another attempt at once; it is queued again.";
    request("retryJob", "Retry a job", description, "ControlReason", "reason")
}

fn request(id: &str, summary: &str, description: &str, body: &str, example: &str) -> Value {
    let description = format!("{description} The same request again changes nothing. Permission `jobs:control`.");
    // Without `jobs:read` the response shows nothing that was reported.
    let shapes = json!({ "anyOf": [schema("Document"), schema("ControlState")] });
    Operation::new(id, "control", summary, &description)
        .parameters(vec![parameters::shared("JobId")])
        .optional_body(schema(body), &[example])
        .response(200, responses::json("The job after the request.", shapes, &["controlState"]))
        .problems(&[&ALWAYS, &BODY, &CONTROL])
}

pub(super) fn get_pending_request() -> Value {
    let mut found = responses::json("The state and the pending request.", schema("ControlState"), &["controlState"]);
    found["headers"] = json!({ "ETag": reference("headers", "ETag") });
    let mut unchanged = responses::empty("`If-None-Match` names the current version.");
    unchanged["headers"] = found["headers"].clone();
    Operation::new("getPendingRequest", "control", "Get the pending control request", "Permission `jobs:write`.")
        .parameters(vec![
            parameters::shared("JobId"),
            parameters::wait("The number of seconds to wait for a request, or for a version that `If-None-Match` does not name. A job that has ended is answered at once."),
            parameters::if_none_match("The ETag of the last response. The response is 304 if this ETag names the current version."),
        ])
        .response(200, found)
        .response(304, unchanged)
        .problems(&[&ALWAYS, &READ, &[Code::Overloaded]])
}

pub(super) fn control_jobs() -> Value {
    let description = "Makes the same request for each job. A token controls only the jobs that it names. Permission \
                       `jobs:control`.";
    Operation::new("controlJobs", "control", "Cancel, pause, resume or retry many jobs", description)
        .body(schema("ControlBatchRequest"), &["controlBatch"])
        .response(
            200,
            responses::json(
                "The state of each job after the request, and a problem for each job that refused it.",
                schema("ControlBatchAnswer"),
                &["controlBatchAnswer"],
            ),
        )
        .problems(&[&ALWAYS, &BODY, &[Code::RateLimitExceeded, Code::Overloaded]])
}
