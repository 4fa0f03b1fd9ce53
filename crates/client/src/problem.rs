//! A problem: why a reader gets no documents, with a message that can be shown.

use crate::{
    json::Json,
    policy::{
        INVALID_SRC, INVALID_SRC_MESSAGE, NO_RESPONSE, NO_RESPONSE_MESSAGE, TOKEN_NOT_RENEWED,
        TOKEN_NOT_RENEWED_MESSAGE, UNEXPECTED_ANSWER, UNEXPECTED_ANSWER_MESSAGE,
    },
};

/// A refusal of the server, or a fault that the client found itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem<J> {
    /// The code, for programs: the server's, or one of [`policy`](crate::policy).
    pub code: String,
    /// The message, for people.
    pub message: String,
    /// Whether the client has stopped: it continues only with another token, job or server.
    pub fatal: bool,
    /// The body that the server sent.
    pub body: Option<J>,
}

impl<J> Problem<J> {
    /// The problem of a `src` that is not the URL of a server.
    pub fn invalid_src(src: &str) -> Problem<J> {
        let message = ["\"", src, "\"", INVALID_SRC_MESSAGE].concat();
        Problem { code: INVALID_SRC.to_owned(), message, fatal: true, body: None }
    }

    /// The problem of a URL that gives no response.
    pub fn no_response(url: &str) -> Problem<J> {
        let message = [url, NO_RESPONSE_MESSAGE].concat();
        Problem { code: NO_RESPONSE.to_owned(), message, fatal: false, body: None }
    }
}

impl<J: Json> Problem<J> {
    /// The problem in the body of a response or a frame, `None` if it is not a problem body.
    pub fn from_body(body: J, fatal: bool) -> Option<Problem<J>> {
        Some(Problem { code: body.text("error")?, message: body.text("message")?, fatal, body: Some(body) })
    }

    /// The problem of a response with that HTTP status that is not this API's.
    pub fn unexpected(status: u16, fatal: bool) -> Problem<J> {
        let message = [UNEXPECTED_ANSWER_MESSAGE, &status.to_string(), ")."].concat();
        Problem { code: UNEXPECTED_ANSWER.to_owned(), message, fatal, body: None }
    }

    /// The problem of a page whose token provider failed or took too long.
    pub fn token_not_renewed() -> Problem<J> {
        let message = TOKEN_NOT_RENEWED_MESSAGE.to_owned();
        Problem { code: TOKEN_NOT_RENEWED.to_owned(), message, fatal: false, body: None }
    }
}
