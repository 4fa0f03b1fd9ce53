//! The problems of callers that exceed a rate limit, or their share of a job's viewers.

use protocol::{
    Problem,
    limits::{AUTH_FAILURES_PER_MINUTE, READS_PER_MINUTE, STREAMS_PER_MINUTE, VIEWERS_PER_READER},
    problem::Code,
};

/// Seconds after which a caller that exceeded a limit can try again: the window of every rate.
pub const RETRY_SECONDS: u64 = 60;

/// The requests that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Status, logs and each job of a batch: per credential and job, for a token also per address.
    Reads,
    /// Control requests and each job of a batch of them, as reads, but separately: a page that reads often must still be
    /// able to cancel.
    Control,
    /// Opened streams: per token and address; streams of keys are not counted.
    Streams,
    /// Failed authentication: per address.
    AuthFailures,
}

impl Class {
    /// All classes.
    pub const ALL: [Class; 4] = [Class::Reads, Class::Control, Class::Streams, Class::AuthFailures];

    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Reads => "reads",
            Class::Control => "control",
            Class::Streams => "streams",
            Class::AuthFailures => "auth_failures",
        }
    }

    /// The problem of a caller that exceeds the rate of this class. The texts about reads are those of the TensorOne API.
    pub fn problem(self) -> Problem {
        let (message, limit, recommendation) = match self {
            Class::Reads => {
                let recommendation = "Use webhooks or SSE for real-time updates";
                ("Too many status check requests", READS_PER_MINUTE, recommendation)
            }
            Class::Control => {
                let recommendation = "Repeat a request only after its response; a repeated request changes nothing";
                ("Too many control requests", READS_PER_MINUTE, recommendation)
            }
            Class::Streams => {
                let recommendation = "Keep streams open, and follow several jobs with one stream";
                ("Too many streams opened", STREAMS_PER_MINUTE, recommendation)
            }
            Class::AuthFailures => {
                let recommendation = "Stop sending the invalid credential; renew a token before it expires";
                ("Too many requests with a credential that is not valid", AUTH_FAILURES_PER_MINUTE, recommendation)
            }
        };
        problem(message, limit, recommendation).with("window", "1m")
    }
}

/// The problem of a reader that has as many streams of a job, or of lists, as one token at one address may have; `of` says which.
pub(crate) fn share_is_used(of: &str) -> Problem {
    let message =
        format!("This token has {VIEWERS_PER_READER} open streams {of} from this address, which is the limit");
    let limit = u64::try_from(VIEWERS_PER_READER).unwrap_or(u64::MAX);
    problem(message, limit, "Close some of the streams, or share one stream between the views of a page")
}

fn problem(message: impl Into<String>, limit: u64, recommendation: &str) -> Problem {
    Problem::new(Code::RateLimitExceeded, message)
        .with("limit", limit)
        .with("retryAfter", RETRY_SECONDS)
        .with("recommendation", recommendation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_the_limit_how_long_to_wait_and_what_to_do() {
        let rates = [Class::Reads, Class::Control, Class::Streams, Class::AuthFailures].map(Class::problem);
        for problem in rates.iter().chain([&share_is_used("of the job")]) {
            assert_eq!(problem.code(), Code::RateLimitExceeded);
            let details = problem.details();
            assert!(details["limit"].as_u64().is_some_and(|limit| limit > 0), "{details:?}");
            assert_eq!(details["retryAfter"], RETRY_SECONDS);
            assert!(details["recommendation"].as_str().is_some_and(|text| !text.is_empty()), "{details:?}");
        }
        assert!(rates.iter().all(|problem| problem.details()["window"] == "1m"));
        let source = rates[0].details();
        assert_eq!(
            (&source["limit"], &source["recommendation"]),
            (&100.into(), &"Use webhooks or SSE for real-time updates".into())
        );
        // A share is no rate.
        assert_eq!(share_is_used("of lists").details().get("window"), None);
    }
}
