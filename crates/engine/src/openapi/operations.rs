//! The operations: paths and methods, with their parameters, bodies and responses.

mod control;
mod deliveries;
mod index;

use protocol::{limits::REPORTS, problem::Code};
use serde_json::{Map, Value, json};

use super::{examples, parameters, reference, responses};

/// The problems of every operation that needs a credential.
const ALWAYS: [Code; 5] =
    [Code::InvalidRequest, Code::Unauthenticated, Code::AccessDenied, Code::Internal, Code::NotConfigured];
/// The problems of every operation with a body.
const BODY: [Code; 2] = [Code::PayloadTooLarge, Code::UnsupportedMediaType];
/// The problems of every operation that reads one job and is rate limited.
const READ: [Code; 2] = [Code::JobNotFound, Code::RateLimitExceeded];

/// The description of an operation, member by member.
struct Operation(Map<String, Value>);

impl Operation {
    fn new(id: &str, tag: &str, summary: &str, description: &str) -> Operation {
        let mut members = Map::new();
        members.insert("operationId".to_owned(), id.into());
        members.insert("tags".to_owned(), json!([tag]));
        members.insert("summary".to_owned(), summary.into());
        members.insert("description".to_owned(), description.into());
        members.insert("responses".to_owned(), Map::new().into());
        Operation(members)
    }

    fn with(mut self, member: &str, value: Value) -> Operation {
        self.0.insert(member.to_owned(), value);
        self
    }

    fn parameters(self, parameters: Vec<Value>) -> Operation {
        self.with("parameters", parameters.into())
    }

    fn body(self, schema: Value, names: &[&str]) -> Operation {
        let content = json!({ "application/json": { "schema": schema, "examples": examples::all(names) } });
        self.with("requestBody", json!({ "required": true, "content": content }))
    }

    fn optional_body(self, schema: Value, names: &[&str]) -> Operation {
        let mut operation = self.body(schema, names);
        if let Some(body) = operation.0.get_mut("requestBody") {
            body["required"] = false.into();
        }
        operation
    }

    fn response(mut self, status: u16, response: Value) -> Operation {
        if let Some(Value::Object(responses)) = self.0.get_mut("responses") {
            responses.insert(status.to_string(), response);
        }
        self
    }

    fn problems(mut self, codes: &[&[Code]]) -> Value {
        if let Some(Value::Object(responses)) = self.0.get_mut("responses") {
            responses.extend(responses::problems(&codes.concat()));
        }
        self.0.into()
    }
}

/// Every path with its operations.
pub(super) fn paths() -> Value {
    json!({
        "/v2/jobs": { "get": index::list_jobs(), "post": create_job() },
        "/v2/jobs/summary": { "get": index::get_summary() },
        "/v2/jobs/stream": { "get": index::stream_list() },
        "/v2/jobs/{jobId}": { "delete": delete_job() },
        "/v2/jobs/{jobId}/reports": { "post": report_progress() },
        "/v2/jobs/{jobId}/status": { "get": get_job_status() },
        "/v2/jobs/{jobId}/logs": { "get": get_job_logs() },
        "/v2/jobs/{jobId}/badge.svg": { "get": get_job_badge() },
        "/v2/jobs/{jobId}/cancel": { "post": control::cancel_job() },
        "/v2/jobs/{jobId}/pause": { "post": control::pause_job() },
        "/v2/jobs/{jobId}/resume": { "post": control::resume_job() },
        "/v2/jobs/{jobId}/retry": { "post": control::retry_job() },
        "/v2/jobs/{jobId}/control": { "get": control::get_pending_request() },
        "/v2/jobs/control/batch": { "post": control::control_jobs() },
        "/v2/jobs/{jobId}/status/stream": { "get": stream_job() },
        "/v2/jobs/status/batch": { "post": get_job_statuses() },
        "/v2/jobs/status/stream": { "get": stream_jobs(), "post": stream_jobs_with_tokens() },
        "/v2/jobs/{jobId}/deliveries": { "get": deliveries::get_deliveries() },
        "/v2/jobs/{jobId}/deliveries/{number}/redeliver": { "post": deliveries::redeliver() },
        "/v2/tokens": { "post": create_token() },
        "/applications/{application}/requests/{requestId}/progress": {
            "get": get_request_progress(),
            "post": report_request_progress(),
        },
        "/api/task-status/{taskId}": { "get": get_task_status() },
        "/healthz": { "get": get_health() },
    })
}

fn schema(name: &str) -> Value {
    reference("schemas", name)
}

fn both(first: &str, second: &str) -> Value {
    json!({ "allOf": [schema(first), schema(second)] })
}

/// Links to the operations on the job that was created.
fn links() -> Value {
    let to = |operation: &str| json!({ "operationId": operation, "parameters": { "jobId": "$response.body#/jobId" } });
    json!({
        "status": to("getJobStatus"),
        "reports": to("reportProgress"),
        "logs": to("getJobLogs"),
        "badge": to("getJobBadge"),
        "stream": to("streamJob"),
        "task": { "operationId": "getTaskStatus", "parameters": { "taskId": "$response.body#/jobId" } },
        "deletion": to("deleteJob"),
        "deliveries": to("getDeliveries"),
        "control": to("getPendingRequest"),
        "cancellation": to("cancelJob"),
        "pause": to("pauseJob"),
        "resumption": to("resumeJob"),
        "retry": to("retryJob"),
    })
}

fn created(description: &str, schema: Value, names: &[&str]) -> Value {
    let mut response = responses::json(description, schema, names);
    response["links"] = links();
    response
}

fn create_job() -> Value {
    let description = "A creation may contain any field of a report. With a `jobId` it is idempotent: the same body \
                       again returns the existing job. With `replace`, a new job replaces one that has ended. Permission \
                       `jobs:write`.";
    // Without `jobs:read` the response shows nothing that was reported.
    let shapes = json!({ "anyOf": [both("Document", "Access"), both("Receipt", "Access")] });
    Operation::new("createJob", "producers", "Create a job", description)
        .body(schema("Creation"), &["creation", "taskCreation"])
        .response(201, created("The job was created, or replaced one that had ended.", shapes.clone(), &["created"]))
        .response(200, responses::json("The job exists and was created with the same body.", shapes, &["created"]))
        .problems(&[
            &ALWAYS,
            &BODY,
            &[Code::JobExists, Code::InvalidTransition, Code::Overloaded, Code::InsufficientStorage],
        ])
}

fn delete_job() -> Value {
    let description = "Deletes the job at once. Its streams end with the problem `JOB_NOT_FOUND`. Permission \
                       `jobs:admin`, which only keys have.";
    Operation::new("deleteJob", "operators", "Delete a job", description)
        .parameters(vec![parameters::shared("JobId")])
        .response(204, responses::empty("Deleted."))
        .problems(&[&ALWAYS, &[Code::JobNotFound, Code::Overloaded]])
}

/// The request body of reports, as JSON and as NDJSON.
fn reports(names: &[&str], lists: &[&str]) -> Value {
    let list = json!({ "type": "array", "items": schema("Report"), "minItems": 1, "maxItems": REPORTS });
    let all: Vec<&str> = names.iter().chain(lists).copied().collect();
    json!({
        "required": true,
        "description": "One report, a list of reports, or NDJSON with one report per line.",
        "content": {
            "application/json": {
                "schema": { "oneOf": [schema("Report"), list.clone()] },
                "examples": examples::all(&all),
            },
            "application/x-ndjson": { "schema": list, "examples": examples::all(lists) },
        },
    })
}

fn report_progress() -> Value {
    let description = "A report with an `order` may be sent again: if its `order` does not exceed the highest one \
                       that was accepted from its producer, it changes nothing. A 2xx response means that all \
                       accepted reports are stored durably. Permission `jobs:write`.";
    let single = ["report", "running", "completed", "failed", "coldStart", "gpus", "steps", "increment"];
    Operation::new("reportProgress", "producers", "Report progress", description)
        .parameters(vec![
            parameters::shared("JobId"),
            parameters::create(),
            parameters::replace(),
            parameters::parent_id(),
        ])
        .with("requestBody", reports(&single, &["list"]))
        .response(
            200,
            responses::json("Result of the report(s).", schema("ReportAnswer"), &["accepted", "stale", "listAnswer"]),
        )
        .response(
            201,
            created(
                "The report created the job, or replaced one that had ended.",
                both("ReportAnswer", "Access"),
                &["acceptedAndCreated"],
            ),
        )
        .problems(&[
            &ALWAYS,
            &BODY,
            &[Code::JobNotFound, Code::InvalidTransition, Code::Overloaded, Code::InsufficientStorage],
        ])
}

fn get_job_status() -> Value {
    let names = ["documentRunning", "documentCompleted", "documentFailed", "summary"];
    let shapes = json!({ "anyOf": [both("Document", "Polling"), schema("Summary")] });
    let mut found = responses::json("The document, or its summary.", shapes, &names);
    found["headers"] = json!({ "ETag": reference("headers", "ETag") });
    let mut unchanged = responses::empty("`If-None-Match` or `cursor` names the current version.");
    unchanged["headers"] = found["headers"].clone();
    Operation::new("getJobStatus", "readers", "Get a job's status", "Permission `jobs:read`.")
        .parameters(vec![
            parameters::shared("JobId"),
            parameters::shared("Include"),
            parameters::format(),
            parameters::wait("The number of seconds to wait for a version that neither `If-None-Match` nor `cursor` names; without both, for the next change. A job that has ended is answered at once."),
            parameters::shared("Cursor"),
            parameters::if_none_match("The ETag of the last response. The response is 304 if this ETag or `cursor` names the current version."),
        ])
        .response(200, found)
        .response(304, unchanged)
        .problems(&[&ALWAYS, &READ, &[Code::Overloaded]])
}

fn get_job_logs() -> Value {
    Operation::new("getJobLogs", "readers", "Get a job's log lines", "Permission `jobs:read`.")
        .parameters(vec![parameters::shared("JobId"), parameters::after(), parameters::limit()])
        .response(200, responses::json("Log lines, oldest first.", schema("LogPage"), &["logPage"]))
        .problems(&[&ALWAYS, &READ, &[Code::Overloaded]])
}

fn get_job_badge() -> Value {
    let description = "A picture of the job's state for pages, mails and chats where no script runs. If the header `Accept` \
                       names images, as that of `<img>` does, the response to a request that is refused is a picture too, with \
                       the status 200. Permission `jobs:read`.";
    Operation::new("getJobBadge", "readers", "Get a picture of a job's state", description)
        .parameters(vec![
            parameters::shared("JobId"),
            parameters::badge_label(),
            parameters::badge_style(),
            parameters::if_none_match("The ETag of the last response. The response is 304 if the picture is the same."),
        ])
        .response(200, responses::badge())
        .response(304, responses::empty("`If-None-Match` names the current picture."))
        .problems(&[&ALWAYS, &READ, &[Code::Overloaded]])
}

fn stream_job() -> Value {
    let description = "Permission `jobs:read`. With the query parameter `token`, the response is 200 with a `retry` \
                       line instead of 429 or 5xx, because a native `EventSource` never reconnects after an error \
                       status.";
    Operation::new("streamJob", "streams", "Stream a job", description)
        .parameters(vec![
            parameters::job_id("job_completed_example"),
            parameters::shared("Include"),
            parameters::shared("Cursor"),
            parameters::shared("LastEventId"),
            parameters::shared("LastEventIdInUrl"),
        ])
        .response(200, responses::stream())
        .response(204, responses::empty("The job has ended, and the cursor names its current version."))
        .problems(&[&ALWAYS, &READ, &[Code::Overloaded]])
}

fn get_job_statuses() -> Value {
    let description = "Permission `jobs:read`. A token reads only the jobs that it names. Each job counts as one read; a \
                       job that is past its limit, or whose document does not fit into the response any more, is one of \
                       the `errors`.";
    Operation::new("getJobStatuses", "readers", "Get the status of many jobs", description)
        .body(schema("BatchRequest"), &["batch"])
        .response(
            200,
            responses::json(
                "The documents, and a problem for each job that cannot be read.",
                schema("BatchAnswer"),
                &["batchAnswer"],
            ),
        )
        .problems(&[&ALWAYS, &BODY, &[Code::RateLimitExceeded, Code::Overloaded]])
}

fn stream_jobs() -> Value {
    let description = "Permission `jobs:read`. Only the last frame of the stream has an id: `end`.";
    Operation::new("streamJobs", "streams", "Stream many jobs with one credential", description)
        .parameters(vec![
            parameters::job_ids(),
            parameters::shared("Include"),
            parameters::shared("Cursor"),
            parameters::shared("LastEventId"),
            parameters::shared("LastEventIdInUrl"),
        ])
        .response(200, responses::stream())
        .response(
            204,
            responses::empty(
                "The last event ID is `end`, and each job has ended, does not exist, or is not permitted.",
            ),
        )
        .problems(&[&ALWAYS, &[Code::RateLimitExceeded, Code::Overloaded]])
}

fn stream_jobs_with_tokens() -> Value {
    let description = "Like `streamJobs`, but each job may have a token of its own, which replaces the credential of \
                       the request. If the credentials permit no job, the response is 401 if any of them is \
                       missing or invalid, and otherwise the problem of the first job.";
    Operation::new("streamJobsWithTokens", "streams", "Stream many jobs, each with its own token", description)
        .with("security", json!([{ "bearer": [] }, {}]))
        .parameters(vec![parameters::shared("LastEventId")])
        .body(schema("StreamRequest"), &["streamRequest"])
        .response(200, responses::stream())
        .response(
            204,
            responses::empty(
                "The last event ID is `end`, and each job has ended, does not exist, or is not permitted.",
            ),
        )
        .problems(&[&ALWAYS, &BODY, &[Code::JobNotFound, Code::RateLimitExceeded, Code::Overloaded]])
}

fn create_token() -> Value {
    let description = "The credential must be an API key, and the token gets no permission that the key does not have. A back end with \
                       the project's signing secret can mint tokens without this call.";
    Operation::new("createToken", "credentials", "Create a token for a browser", description)
        .body(schema("TokenRequest"), &["tokenRequest", "tokenRequestByTag"])
        .response(200, responses::json("The token.", schema("Minted"), &["minted"]))
        .problems(&[&ALWAYS, &BODY])
}

/// The two path parameters of Tensorlake.
fn pair() -> Vec<Value> {
    vec![
        parameters::path("application", "The name of the application.", "my_app"),
        parameters::path("requestId", "The id of the request within the application.", "req_7"),
    ]
}

fn get_request_progress() -> Value {
    let description = "The job has the id `{application}:{requestId}`. Permission `jobs:read`.";
    Operation::new("getRequestProgress", "tensorlake", "Get the progress of a request", description)
        .parameters(pair())
        .response(200, responses::json("The progress.", schema("Progress"), &["progress"]))
        .problems(&[&ALWAYS, &READ, &[Code::Overloaded]])
}

fn report_request_progress() -> Value {
    let description =
        "Like `reportProgress` with `create=true`. A report of 100 % does not end the job. Permission `jobs:write`.";
    Operation::new("reportRequestProgress", "tensorlake", "Report the progress of a request", description)
        .parameters(pair())
        .with("requestBody", reports(&["update", "updateWithAttributes"], &["updates"]))
        .response(200, responses::json("Result of the report(s).", schema("ReportAnswer"), &["accepted"]))
        .response(201, created("The report created the job.", both("ReportAnswer", "Access"), &["acceptedAndCreated"]))
        .problems(&[&ALWAYS, &BODY, &[Code::InvalidTransition, Code::Overloaded, Code::InsufficientStorage]])
}

fn get_task_status() -> Value {
    let task = json!({
        "name": "taskId",
        "in": "path",
        "required": true,
        "description": "The id of a job; any other text is answered with 404.",
        "schema": { "type": "string" },
        "example": "abc-123-def-456",
    });
    let names = ["taskPending", "taskCompleted", "taskFailed"];
    let description = "A cancelled or timed-out job is shown as failed, a job that has not ended as pending. \
                       Permission `jobs:read`.";
    let mut operation = Operation::new("getTaskStatus", "flask", "Get the status of a task", description)
        .parameters(vec![task])
        .response(200, responses::json("The status of the task.", schema("TaskStatus"), &names))
        .problems(&[&ALWAYS, &[Code::RateLimitExceeded, Code::Overloaded]]);
    operation["responses"]["404"] =
        responses::json("The task does not exist.", schema("TaskNotFound"), &["taskNotFound"]);
    operation
}

fn get_health() -> Value {
    let mut operation = Operation::new("getHealth", "operators", "Health check", "No credential is required.").0;
    operation.insert("security".to_owned(), json!([]));
    operation.insert(
        "responses".to_owned(),
        json!({
            "200": responses::json("The worker is running.", schema("Health"), &["health"]),
            "503": responses::json("The server is about to end, or does not take part in its cluster.", schema("Health"), &["draining", "unready"]),
        }),
    );
    operation.into()
}
