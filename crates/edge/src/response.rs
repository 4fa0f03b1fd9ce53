//! Responses: JSON bodies, problems and headers.

use engine::{called::Called, rate_limit::RETRY_SECONDS, storage_error};
use protocol::{Problem, problem::Code};
use serde::Serialize;
use web_sys::{Headers, Response, ResponseInit};

use crate::glue;

/// What a handler returns.
pub(crate) type HandlerResult = Result<Response, ErrorResponse>;

/// A problem on its way to the caller, and the headers that belong to it.
#[derive(Debug)]
pub(crate) struct ErrorResponse {
    problem: Problem,
    headers: Vec<(&'static str, String)>,
}

/// The message of every error of ours; the log has the reason.
const INTERNAL: &str = "An internal error occurred; try again. A report with an `order` may safely be sent again";

impl ErrorResponse {
    /// The same response with one more header.
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> ErrorResponse {
        self.headers.push((name, value.into()));
        self
    }

    /// The problem.
    pub(crate) fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The response as the platform sends it.
    pub(crate) fn into_response(self) -> Response {
        let response = json_text(self.problem.code().http_status(), &text_of(&self.problem));
        for (name, value) in self.headers {
            set(&response.headers(), name, &value);
        }
        response
    }

    /// The response to a request that panicked. The panic hook has logged the reason.
    pub(crate) fn of_panic() -> ErrorResponse {
        Problem::new(Code::Internal, INTERNAL).into()
    }

    /// The response to a call that did not reach its object, or whose reply was lost. The log has the reason.
    pub(crate) fn unreachable(called: Called, error: &worker::Error) -> ErrorResponse {
        worker::console_warn!("{}", serde_json::json!({"level": "warn", "error": error.to_string()}));
        called.unreachable().into()
    }

    /// The response to an error of ours, which is logged here, once, and shown without its reason.
    fn internal(error: &worker::Error) -> ErrorResponse {
        let message = error.to_string();
        worker::console_error!("{}", serde_json::json!({"level": "error", "error": message}));
        if let Some(problem) = storage_error::problem(&message) {
            return problem.into();
        }
        Problem::new(Code::Internal, INTERNAL).into()
    }
}

impl From<Problem> for ErrorResponse {
    fn from(problem: Problem) -> ErrorResponse {
        let headers = match problem.code() {
            Code::InsufficientStorage => vec![("Retry-After", "60".to_owned())],
            Code::Overloaded => vec![("Retry-After", "5".to_owned())],
            Code::RateLimitExceeded => vec![("Retry-After", RETRY_SECONDS.to_string())],
            // RFC 9110, section 15.5.2: every 401 names a scheme. Callers that know more about the error add it.
            Code::Unauthenticated => vec![("WWW-Authenticate", r#"Bearer realm="job-progress""#.to_owned())],
            _ => Vec::new(),
        };
        ErrorResponse { problem, headers }
    }
}

impl From<worker::Error> for ErrorResponse {
    fn from(error: worker::Error) -> ErrorResponse {
        ErrorResponse::internal(&error)
    }
}

impl From<wasm_bindgen::JsValue> for ErrorResponse {
    fn from(error: wasm_bindgen::JsValue) -> ErrorResponse {
        ErrorResponse::internal(&worker::Error::from(error))
    }
}

/// The value as JSON; serialization of our own types does not fail.
pub(crate) fn text_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

/// A response with a JSON text.
pub(crate) fn json_text(status: u16, text: &str) -> Response {
    glue::json(status, text)
}

/// A response with a value as JSON.
pub(crate) fn json(status: u16, value: &impl Serialize) -> Response {
    json_text(status, &text_of(value))
}

/// A response without a body.
pub(crate) fn empty(status: u16) -> Response {
    let init = ResponseInit::new();
    init.set_status(status);
    // The constructor fails only for a status outside 200 to 599; we use none.
    Response::new_with_opt_str_and_init(None, &init).unwrap_or_else(|_| Response::error())
}

/// Merges the texts of two JSON objects without parsing them. The second must have a member.
pub(crate) fn merge_objects(first: &str, second: &str) -> String {
    let head = first.strip_suffix('}').unwrap_or(first);
    let tail = second.strip_prefix('{').unwrap_or(second);
    if head == "{" { format!("{{{tail}") } else { format!("{head},{tail}") }
}

/// Sets a header; the names and values that we write are always valid.
pub(crate) fn set(headers: &Headers, name: &str, value: &str) {
    if let Err(error) = headers.set(name, value) {
        worker::console_error!(
            "{}",
            serde_json::json!({"level": "error", "header": name, "error": format!("{error:?}")})
        );
    }
}
