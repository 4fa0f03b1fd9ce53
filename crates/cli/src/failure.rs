//! Why a command has failed.

use std::{fmt, io};

use serde_json::Value;

use crate::exit::Exit;

/// The reason why a command failed. `Display` is one sentence for people, without a credential.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments or the settings are wrong; the sentence says what to do.
    Usage(String),
    /// The server refused the request.
    Refused(Refusal),
    /// The server gave no response, or one that is not of this API; the sentence says which.
    NoResponse(String),
    /// Nothing reads the output any more.
    OutputClosed,
    /// The output cannot be written.
    Output(io::Error),
}

/// The problem in the response of a server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    /// The code, such as `JOB_NOT_FOUND`.
    pub(crate) code: String,
    /// The sentence for people.
    pub(crate) message: String,
    /// The details, an object.
    pub(crate) details: Value,
}

impl Refusal {
    /// The problem in a response body or in an entry of `errors`, `None` if it is not one.
    pub(crate) fn from_body(body: &Value) -> Option<Refusal> {
        let text = |name: &str| body.get(name)?.as_str().map(str::to_owned);
        let details = body.get("details").cloned().unwrap_or_default();
        Some(Refusal { code: text("error")?, message: text("message")?, details })
    }
}

impl Failure {
    /// The exit code that shows this failure.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Failure::Usage(_) => Exit::Usage,
            Failure::Refused(_) => Exit::Refused,
            Failure::NoResponse(_) => Exit::NoResponse,
            Failure::OutputClosed => Exit::Success,
            Failure::Output(_) => Exit::Failed,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::NoResponse(message) => f.write_str(message),
            Failure::Refused(refusal) => refusal.fmt(f),
            Failure::OutputClosed => f.write_str("the output is closed"),
            Failure::Output(error) => write!(f, "the output cannot be written: {error}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)?;
        match self.details.get("retryAfter") {
            Some(seconds) => write!(f, "; try again in {seconds} s"),
            None => Ok(()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe { Failure::OutputClosed } else { Failure::Output(error) }
    }
}
