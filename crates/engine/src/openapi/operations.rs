//! The operations: paths, methods, what each takes and answers.

use protocol::{limits::REPORTS, problem::Code};
use serde_json::{Map, Value, json};

use super::{answers, examples, parameters, reference};

/// What is the same in all operations with a credential.
const ALWAYS: [Code; 5] =
    [Code::InvalidRequest, Code::Unauthenticated, Code::AccessDenied, Code::Internal, Code::NotConfigured];
/// What is the same in all operations with a body.
const BODY: [Code; 2] = [Code::PayloadTooLarge, Code::UnsupportedMediaType];
/// What is the same in all that look at one job, and are counted.
const READ: [Code; 2] = [Code::JobNotFound, Code::RateLimitExceeded];

/// An operation being described.
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

    fn answer(mut self, status: u16, answer: Value) -> Operation {
        if let Some(Value::Object(answers)) = self.0.get_mut("responses") {
            answers.insert(status.to_string(), answer);
        }
        self
    }

    fn refused(mut self, codes: &[&[Code]]) -> Value {
        if let Some(Value::Object(answers)) = self.0.get_mut("responses") {
            answers.extend(answers::refused(&codes.concat()));
        }
        self.0.into()
    }
}

/// Every path and what may be done there.
pub(super) fn paths() -> Value {
    json!({
        "/v2/jobs": { "post": create_job() },
        "/v2/jobs/{jobId}": { "delete": delete_job() },
        "/v2/jobs/{jobId}/reports": { "post": report_progress() },
        "/v2/jobs/{jobId}/status": { "get": get_job_status() },
        "/v2/jobs/{jobId}/logs": { "get": get_job_logs() },
        "/v2/jobs/{jobId}/status/stream": { "get": stream_job() },
        "/v2/jobs/status/batch": { "post": get_job_statuses() },
        "/v2/jobs/status/stream": { "get": stream_jobs(), "post": stream_jobs_with_tokens() },
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

/// What can be done next with the job that was made.
fn links() -> Value {
    let to = |operation: &str| json!({ "operationId": operation, "parameters": { "jobId": "$response.body#/jobId" } });
    json!({
        "status": to("getJobStatus"),
        "reports": to("reportProgress"),
        "logs": to("getJobLogs"),
        "stream": to("streamJob"),
        "task": { "operationId": "getTaskStatus", "parameters": { "taskId": "$response.body#/jobId" } },
        "deletion": to("deleteJob"),
    })
}

fn created(description: &str, schema: Value, names: &[&str]) -> Value {
    let mut answer = answers::json_answer(description, schema, names);
    answer["links"] = links();
    answer
}

fn create_job() -> Value {
    let description = "A creation may carry any field of a report. One that bears a `jobId` may be sent again. Permission \
                       `jobs:write`.";
    Operation::new("createJob", "producers", "Make a job", description)
        .body(schema("Creation"), &["creation", "creationOfATask"])
        .answer(201, created("The job was made.", both("Document", "Access"), &["created"]))
        .answer(
            200,
            answers::json_answer("It was made before, with the same body.", both("Document", "Access"), &["created"]),
        )
        .refused(&[&ALWAYS, &BODY, &[Code::JobExists, Code::InvalidTransition, Code::Overloaded]])
}

fn delete_job() -> Value {
    let description = "Its viewers are told, and its streams end. Permission `jobs:admin`, so only with a key.";
    Operation::new("deleteJob", "operators", "Forget a job now", description)
        .parameters(vec![parameters::shared("JobId")])
        .answer(204, answers::empty("The job is no more."))
        .refused(&[&ALWAYS, &[Code::JobNotFound, Code::Overloaded]])
}

/// The body of reports, as JSON and as NDJSON.
fn reports(names: &[&str], lists: &[&str]) -> Value {
    let list = json!({ "type": "array", "items": schema("Report"), "minItems": 1, "maxItems": REPORTS });
    let all: Vec<&str> = names.iter().chain(lists).copied().collect();
    json!({
        "required": true,
        "description": "One report, a list, or one report a line.",
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
    let description = "Sent with an `order` that rises, a report may be repeated: one that is not new changes nothing. An \
                       answer means that what was accepted is on disk. Permission `jobs:write`.";
    let single = ["report", "running", "completed", "failed", "coldStart", "gpus", "steps", "increment"];
    Operation::new("reportProgress", "producers", "Report to a job", description)
        .parameters(vec![parameters::shared("JobId"), parameters::create()])
        .with("requestBody", reports(&single, &["list"]))
        .answer(
            200,
            answers::json_answer("What became of it.", schema("ReportAnswer"), &["accepted", "stale", "listAnswer"]),
        )
        .answer(201, created("The job was made by it.", both("ReportAnswer", "Access"), &["acceptedAndMade"]))
        .refused(&[&ALWAYS, &BODY, &[Code::JobNotFound, Code::InvalidTransition, Code::Overloaded]])
}

fn get_job_status() -> Value {
    let names = ["documentRunning", "documentCompleted", "documentFailed", "summary"];
    let shapes = json!({ "anyOf": [both("Document", "Polling"), schema("Summary")] });
    let mut found = answers::json_answer("The document, or its short form.", shapes, &names);
    found["headers"] = json!({ "ETag": reference("headers", "ETag") });
    let mut unchanged = answers::empty("The job is in the state that was named.");
    unchanged["headers"] = found["headers"].clone();
    Operation::new("getJobStatus", "readers", "Read a job's document", "Permission `jobs:read`.")
        .parameters(vec![
            parameters::shared("JobId"),
            parameters::shared("Include"),
            parameters::format(),
            parameters::wait(),
            parameters::shared("Cursor"),
            parameters::if_none_match(),
        ])
        .answer(200, found)
        .answer(304, unchanged)
        .refused(&[&ALWAYS, &READ, &[Code::Overloaded]])
}

fn get_job_logs() -> Value {
    Operation::new("getJobLogs", "readers", "Read a job's log", "Permission `jobs:read`.")
        .parameters(vec![parameters::shared("JobId"), parameters::after(), parameters::limit()])
        .answer(200, answers::json_answer("Lines, oldest first.", schema("LogPage"), &["logPage"]))
        .refused(&[&ALWAYS, &READ, &[Code::Overloaded]])
}

fn stream_job() -> Value {
    let description = "Permission `jobs:read`. Asked with the query parameter `token`, it answers 200 and a later return \
                       where it would else refuse with 429 or 5xx, as native `EventSource` takes those for the end.";
    Operation::new("streamJob", "streams", "Follow a job", description)
        .parameters(vec![
            parameters::job_id("job_completed_example"),
            parameters::shared("Include"),
            parameters::shared("Cursor"),
            parameters::shared("LastEventId"),
        ])
        .answer(200, answers::stream())
        .answer(204, answers::empty("The job has ended, and the reader has seen it."))
        .refused(&[&ALWAYS, &READ, &[Code::Overloaded]])
}

fn get_job_statuses() -> Value {
    let description = "Permission `jobs:read`; a token reads those of its own jobs.";
    Operation::new("getJobStatuses", "readers", "Read the documents of many jobs", description)
        .body(schema("BatchRequest"), &["batch"])
        .answer(200, answers::json_answer("Documents and problems.", schema("BatchAnswer"), &["batchAnswer"]))
        .refused(&[&ALWAYS, &BODY, &[Code::RateLimitExceeded, Code::Overloaded]])
}

fn stream_jobs() -> Value {
    let description = "Permission `jobs:read`. Frames carry no id but the last one of all, which is `end`.";
    Operation::new("streamJobs", "streams", "Follow many jobs with one credential", description)
        .parameters(vec![
            parameters::job_ids(),
            parameters::shared("Include"),
            parameters::shared("Cursor"),
            parameters::shared("LastEventId"),
        ])
        .answer(200, answers::stream())
        .answer(204, answers::empty("All of them have ended, and the reader has seen it."))
        .refused(&[&ALWAYS, &[Code::RateLimitExceeded, Code::Overloaded]])
}

fn stream_jobs_with_tokens() -> Value {
    let description = "As `streamJobs`; a job's own token stands in for the request's credential. Where no job at all can \
                       be opened, the answer is the problem of the first.";
    Operation::new("streamJobsWithTokens", "streams", "Follow many jobs, each with its token", description)
        .with("security", json!([{ "bearer": [] }, {}]))
        .parameters(vec![parameters::shared("LastEventId")])
        .body(schema("StreamRequest"), &["streamRequest"])
        .answer(200, answers::stream())
        .answer(204, answers::empty("All of them have ended, and the reader has seen it."))
        .refused(&[&ALWAYS, &BODY, &[Code::JobNotFound, Code::RateLimitExceeded, Code::Overloaded]])
}

fn create_token() -> Value {
    let description = "Only with a key, and only for what the key holds. A back end that has the project's signing secret \
                       mints tokens without this call.";
    Operation::new("createToken", "credentials", "Mint a token for a browser", description)
        .body(schema("TokenRequest"), &["tokenRequest"])
        .answer(200, answers::json_answer("The token.", schema("Minted"), &["minted"]))
        .refused(&[&ALWAYS, &BODY])
}

/// The two names of a Tensorlake pair.
fn pair() -> Vec<Value> {
    vec![
        parameters::path("application", "The application.", "my_app"),
        parameters::path("requestId", "The request within the application.", "req_7"),
    ]
}

fn get_request_progress() -> Value {
    let description = "The pair is the job `application:requestId`. Permission `jobs:read`.";
    Operation::new("getRequestProgress", "tensorlake", "Read the progress of a request", description)
        .parameters(pair())
        .answer(200, answers::json_answer("The progress.", schema("Progress"), &["progress"]))
        .refused(&[&ALWAYS, &READ, &[Code::Overloaded]])
}

fn report_request_progress() -> Value {
    let description = "As `reportProgress` with `create=true`. 100 of 100 does not finish it. Permission `jobs:write`.";
    Operation::new("reportRequestProgress", "tensorlake", "Report the progress of a request", description)
        .parameters(pair())
        .with("requestBody", reports(&["update", "updateWithAttributes"], &["updates"]))
        .answer(200, answers::json_answer("What became of it.", schema("ReportAnswer"), &["accepted"]))
        .answer(201, created("The job was made by it.", both("ReportAnswer", "Access"), &["acceptedAndMade"]))
        .refused(&[&ALWAYS, &BODY, &[Code::InvalidTransition, Code::Overloaded]])
}

fn get_task_status() -> Value {
    let task = json!({
        "name": "taskId",
        "in": "path",
        "required": true,
        "description": "A job's id; what is none is not found.",
        "schema": { "type": "string" },
        "example": "abc-123-def-456",
    });
    let names = ["taskPending", "taskCompleted", "taskFailed"];
    let description = "Cancelled jobs and those out of time have failed; what has not ended is pending. Permission \
                       `jobs:read`.";
    let mut operation = Operation::new("getTaskStatus", "flask", "Read the status of a task", description)
        .parameters(vec![task])
        .answer(200, answers::json_answer("The task.", schema("TaskStatus"), &names))
        .refused(&[&ALWAYS, &[Code::RateLimitExceeded, Code::Overloaded]]);
    operation["responses"]["404"] =
        answers::json_answer("There is no such task.", schema("TaskNotFound"), &["taskNotFound"]);
    operation
}

fn get_health() -> Value {
    let mut operation = Operation::new("getHealth", "operators", "Ask whether the code runs", "Open to all.").0;
    operation.insert("security".to_owned(), json!([]));
    operation.insert(
        "responses".to_owned(),
        json!({ "200": answers::json_answer("It does.", schema("Health"), &["health"]) }),
    );
    operation.into()
}
