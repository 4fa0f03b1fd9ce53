//! A problem: why a reader hears nothing, in words that can be shown.

use crate::json::Json;

/// A refusal of the server, or its silence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem<J> {
    /// The code, for programs: the server's, else one of those of [`Problem`].
    pub code: String,
    /// The sentence, for people.
    pub message: String,
    /// Whether it is no use to go on: nothing more will be heard without another token, job or server.
    pub fatal: bool,
    /// The body the server sent.
    pub body: Option<J>,
}

impl<J: Json> Problem<J> {
    /// The code of an answer that is not this API's, as from a wrong address or a sign-in page in between.
    pub const UNEXPECTED_ANSWER: &'static str = "UNEXPECTED_ANSWER";

    /// The code of a new token that was not to be had from the page.
    pub const TOKEN_NOT_RENEWED: &'static str = "TOKEN_NOT_RENEWED";

    /// The problem that a body tells of, `None` when it is no problem body.
    pub fn of(body: J, fatal: bool) -> Option<Problem<J>> {
        Some(Problem { code: body.text("error")?, message: body.text("message")?, fatal, body: Some(body) })
    }

    /// An answer of that HTTP status which is not this API's.
    pub fn unexpected(status: u16, fatal: bool) -> Problem<J> {
        let message = ["The server did not answer as a job-progress server does (HTTP ", &status.to_string(), ")."];
        Problem { code: Self::UNEXPECTED_ANSWER.to_owned(), message: message.concat(), fatal, body: None }
    }

    /// A page that failed to get a new token, or took too long. What went wrong there may hold secrets and is not told.
    pub fn token_not_renewed() -> Problem<J> {
        let message = "The token provider failed, gave no token or took too long. It will be asked again; until it gives one, nothing is heard of the job.";
        Problem { code: Self::TOKEN_NOT_RENEWED.to_owned(), message: message.to_owned(), fatal: false, body: None }
    }
}

/// What becomes of a connection after a problem of that code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A new token may help.
    Renew,
    /// The job is not there: it may not be made yet.
    Missing,
    /// Asking again cannot help.
    Stop,
    /// Asking again later may help.
    Later,
}

impl Verdict {
    /// The verdict on an HTTP status.
    pub fn of_status(status: u16) -> Verdict {
        match status {
            401 => Verdict::Renew,
            404 => Verdict::Missing,
            408 | 425 | 429 => Verdict::Later,
            400..=499 => Verdict::Stop,
            _ => Verdict::Later,
        }
    }

    /// The verdict on the code of a problem that came inside a stream, where there is no status.
    pub fn of_code(code: &str) -> Verdict {
        match code {
            "UNAUTHENTICATED" => Verdict::Renew,
            "JOB_NOT_FOUND" => Verdict::Missing,
            "ACCESS_DENIED" | "INVALID_REQUEST" | "NOT_FOUND" => Verdict::Stop,
            _ => Verdict::Later,
        }
    }
}
