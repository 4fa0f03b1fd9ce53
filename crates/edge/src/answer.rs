//! Answers: bodies, and the headers that every answer bears.

use protocol::{Problem, problem::Code};
use serde::Serialize;
use web_sys::{Headers, Response, ResponseInit};

use crate::crossing;

/// An answer on its way out.
pub(crate) type Answer = Result<Response, Refusal>;

/// An answer that is no success.
#[derive(Debug)]
pub(crate) struct Refusal {
    problem: Problem,
    headers: Vec<(&'static str, String)>,
}

impl Refusal {
    /// The refusal with one more header.
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Refusal {
        self.headers.push((name, value.into()));
        self
    }

    /// Its problem.
    pub(crate) fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The answer it becomes.
    pub(crate) fn into_response(self) -> Response {
        let response = json_text(self.problem.code().http_status(), &text_of(&self.problem));
        for (name, value) in self.headers {
            set(&response.headers(), name, &value);
        }
        response
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        let headers = match problem.code() {
            Code::Overloaded => vec![("Retry-After", "5".to_owned())],
            // RFC 9110, section 15.5.2: every 401 names a scheme. Who knows more of the refusal says more.
            Code::Unauthenticated => vec![("WWW-Authenticate", r#"Bearer realm="job-progress""#.to_owned())],
            _ => Vec::new(),
        };
        Refusal { problem, headers }
    }
}

impl Refusal {
    /// Our own fault too; the panic has told the log of itself.
    pub(crate) fn of_panic() -> Refusal {
        Problem::new(Code::Internal, INTERNAL).into()
    }
}

const INTERNAL: &str =
    "Something went wrong on our side; try again. A report that bears an `order` may safely be sent again";

/// Our own fault: logged once, shown without its reason.
impl From<worker::Error> for Refusal {
    fn from(error: worker::Error) -> Refusal {
        internal(&error)
    }
}

/// See above.
impl From<wasm_bindgen::JsValue> for Refusal {
    fn from(error: wasm_bindgen::JsValue) -> Refusal {
        internal(&worker::Error::from(error))
    }
}

fn internal(error: &worker::Error) -> Refusal {
    worker::console_error!("{}", serde_json::json!({"level": "error", "error": error.to_string()}));
    Problem::new(Code::Internal, INTERNAL).into()
}

/// The value as JSON; our own types always have one.
pub(crate) fn text_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

/// An answer of JSON that is written already.
pub(crate) fn json_text(status: u16, text: &str) -> Response {
    crossing::json(status, text)
}

/// An answer of JSON.
pub(crate) fn json(status: u16, value: &impl Serialize) -> Response {
    json_text(status, &text_of(value))
}

/// An answer with no body.
pub(crate) fn empty(status: u16) -> Response {
    let init = ResponseInit::new();
    init.set_status(status);
    // The statuses we write are all between 200 and 599, which is all that could be wrong.
    Response::new_with_opt_str_and_init(None, &init).unwrap_or_else(|_| Response::error())
}

/// Two JSON objects as one; neither is parsed. Both must be objects, the second not empty.
pub(crate) fn joined(first: &str, second: &str) -> String {
    let head = first.strip_suffix('}').unwrap_or(first);
    let tail = second.strip_prefix('{').unwrap_or(second);
    if head == "{" { format!("{{{tail}") } else { format!("{head},{tail}") }
}

/// Sets a header; the names and values we write are always legal.
pub(crate) fn set(headers: &Headers, name: &str, value: &str) {
    if let Err(error) = headers.set(name, value) {
        worker::console_error!(
            "{}",
            serde_json::json!({"level": "error", "header": name, "error": format!("{error:?}")})
        );
    }
}
