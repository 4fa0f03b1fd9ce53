//! What a connection does after a refusal.

use crate::policy::LATER_STATUSES;

/// What a connection does after a refusal, by its status or code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryClass {
    /// Ask for a new token, then try again.
    Renew,
    /// Try again a limited number of times: the job may not be created yet.
    Missing,
    /// Stop: the same request cannot succeed.
    Stop,
    /// Try again later.
    Later,
}

impl RetryClass {
    /// The class of an HTTP status.
    fn from_status(status: u16) -> RetryClass {
        match status {
            401 => RetryClass::Renew,
            404 => RetryClass::Missing,
            _ if LATER_STATUSES.contains(&status) => RetryClass::Later,
            400..=499 => RetryClass::Stop,
            _ => RetryClass::Later,
        }
    }

    /// The class of a response with that HTTP status and problem code.
    pub fn from_response(status: u16, code: &str) -> RetryClass {
        // The status is 404, but there is no job that could be created later.
        if code == "NOT_FOUND" { RetryClass::Stop } else { RetryClass::from_status(status) }
    }

    /// The class of a problem code in a stream, where there is no status.
    pub fn from_code(code: &str) -> RetryClass {
        match code {
            "UNAUTHENTICATED" => RetryClass::Renew,
            "JOB_NOT_FOUND" => RetryClass::Missing,
            "ACCESS_DENIED" | "INVALID_REQUEST" | "NOT_FOUND" => RetryClass::Stop,
            _ => RetryClass::Later,
        }
    }
}
