//! The retry policy that all clients on the page share.
//!
//! `js/polling.js` and `js/early.js` follow it too, where there is no wasm, and so does the JavaScript client in `js/client`. They
//! read it from `js/policy.js` and `js/client/policy.js`, which are generated from this file and the constants of the connection;
//! a test below compares them.

/// Maximum milliseconds that a server can make a client wait with `Retry-After` or `retry:`.
pub const MAX_RETRY_AFTER_MS: u64 = 600_000;

/// Milliseconds that a page may take to get a new token.
pub const RENEWAL_TIMEOUT_MS: u64 = 30_000;

/// How often a job is requested again that has never been found: for some six minutes, as it may not be created yet.
pub const MISSING_TRIES: u32 = 20;

/// Minimum milliseconds between two requests for a job that was not found.
pub const MISSING_DELAY_MS: u64 = 5_000;

/// Milliseconds between two polls if the server asks for no other interval; it allows 100 a minute for each job.
pub const POLL_MS: u64 = 2_000;

/// Minimum milliseconds between two polls of a job, for all intervals that a server asks for.
pub const MIN_POLL_MS: u64 = 1_000;

/// Maximum milliseconds between two polls of a job, for all intervals that a server asks for.
pub const MAX_POLL_MS: u64 = 60_000;

/// HTTP statuses below 500 after which the same request may succeed later.
pub const LATER_STATUSES: [u16; 3] = [408, 425, 429];

/// The code of a response that is not this API's, for example from a wrong address or a sign-in page of a proxy.
pub const UNEXPECTED_ANSWER: &str = "UNEXPECTED_ANSWER";

/// The message of [`UNEXPECTED_ANSWER`]; the HTTP status and a closing parenthesis follow.
pub const UNEXPECTED_ANSWER_MESSAGE: &str = "The server did not answer as a job-progress server does (HTTP ";

/// The code of a `src` that is not the URL of a server.
pub const INVALID_SRC: &str = "INVALID_SRC";

/// The message of [`INVALID_SRC`], after the quoted `src`.
pub const INVALID_SRC_MESSAGE: &str =
    " is not the URL of a server. Set src to a URL with http:// or https:// and without ? and #.";

/// Milliseconds without any response after which a job that has never been shown has a problem.
pub const NO_RESPONSE_MS: u64 = 3_000;

/// The code of a server that gives no response.
pub const NO_RESPONSE: &str = "NO_RESPONSE";

/// The message of [`NO_RESPONSE`], after the URL. A browser does not say why a request failed, so it names all causes.
pub const NO_RESPONSE_MESSAGE: &str = " gives no response that this page can read. Check the URL in src, the server, connect-src of the Content-Security-Policy, and whether a tool adds headers (tracing).";

/// The code of a token provider that gave no token.
pub const TOKEN_NOT_RENEWED: &str = "TOKEN_NOT_RENEWED";

/// The message of [`TOKEN_NOT_RENEWED`]. The provider's own error may hold secrets and is not repeated.
pub const TOKEN_NOT_RENEWED_MESSAGE: &str = "The token provider failed, gave no token or took too long. It is called again later, and until then the job is not updated.";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use protocol::{
        include::Include,
        limits::{JOBS, LOG_BYTES, LOG_LINE_BYTES, LOG_LINES, LOG_LINES_RESUME, REPORTS},
        status::Status,
    };

    use super::*;
    use crate::{
        backoff::{FIRST_MS, LONGEST_MS},
        connection::{ANSWER_MS, HEALTHY_MS, MIN_REOPEN_INTERVAL_MS, SILENCE_MS, STALE_MS},
        endpoints::WAIT_SECONDS,
        fallback::{MAX_CUTS, PROBE_MS},
    };

    /// Writes the scripts anew.
    const UPDATE: &str = "UPDATE_POLICY";

    /// A generated script with these constants.
    fn script(about: &str, constants: &[(&str, String)]) -> String {
        let mut text = format!(
            "// {about}. Generated from src/policy.rs: do not edit; after a change run\n\
             // `UPDATE_POLICY=1 cargo test -p client policy`.\n\n",
        );
        for (name, value) in constants {
            text.push_str(&format!("export const {name} = {value};\n"));
        }
        text.replace("= \n", "=\n")
    }

    fn shared() -> String {
        let constants = [
            ("MAX_JOBS", JOBS.to_string()),
            ("INCLUDE_NAMES", format!("[{}]", Include::NAMES.map(|name| format!("{name:?}")).join(", "))),
            ("MAX_RETRY_AFTER_MS", MAX_RETRY_AFTER_MS.to_string()),
            ("RENEWAL_TIMEOUT_MS", RENEWAL_TIMEOUT_MS.to_string()),
            ("MISSING_TRIES", MISSING_TRIES.to_string()),
            ("MISSING_DELAY_MS", MISSING_DELAY_MS.to_string()),
            ("POLL_MS", POLL_MS.to_string()),
            ("MIN_POLL_MS", MIN_POLL_MS.to_string()),
            ("MAX_POLL_MS", MAX_POLL_MS.to_string()),
            ("LATER_STATUSES", format!("{LATER_STATUSES:?}")),
            ("UNEXPECTED_ANSWER", format!("{UNEXPECTED_ANSWER:?}")),
            ("UNEXPECTED_ANSWER_MESSAGE", format!("{UNEXPECTED_ANSWER_MESSAGE:?}")),
            ("INVALID_SRC", format!("{INVALID_SRC:?}")),
            ("INVALID_SRC_MESSAGE", format!("\n  {INVALID_SRC_MESSAGE:?}")),
            ("NO_RESPONSE_MS", NO_RESPONSE_MS.to_string()),
            ("NO_RESPONSE", format!("{NO_RESPONSE:?}")),
            ("NO_RESPONSE_MESSAGE", format!("\n  {NO_RESPONSE_MESSAGE:?}")),
            ("TOKEN_NOT_RENEWED", format!("{TOKEN_NOT_RENEWED:?}")),
            ("TOKEN_NOT_RENEWED_MESSAGE", format!("\n  {TOKEN_NOT_RENEWED_MESSAGE:?}")),
        ];
        script("The policy that the scripts share with the wasm", &constants)
    }

    /// What only the JavaScript client needs. It is a file of its own, because each constant changes the names that the bundler
    /// gives in the scripts of the element.
    fn client() -> String {
        let terminal = Status::ALL.into_iter().filter(|status| status.is_terminal());
        let terminal: Vec<_> = terminal.map(|status| format!("{:?}", status.as_str())).collect();
        let constants = [
            ("TERMINAL_STATES", format!("[{}]", terminal.join(", "))),
            ("REPORTS", REPORTS.to_string()),
            ("LOG_LINES", LOG_LINES.to_string()),
            ("LOG_BYTES", LOG_BYTES.to_string()),
            ("LOG_LINE_BYTES", LOG_LINE_BYTES.to_string()),
            ("LOG_LINES_RESUME", LOG_LINES_RESUME.to_string()),
            ("BACKOFF_FIRST_MS", FIRST_MS.to_string()),
            ("BACKOFF_LONGEST_MS", LONGEST_MS.to_string()),
            ("ANSWER_MS", ANSWER_MS.to_string()),
            ("SILENCE_MS", SILENCE_MS.to_string()),
            ("HEALTHY_MS", HEALTHY_MS.to_string()),
            ("MIN_REOPEN_INTERVAL_MS", MIN_REOPEN_INTERVAL_MS.to_string()),
            ("STALE_MS", STALE_MS.to_string()),
            ("WAIT_SECONDS", WAIT_SECONDS.to_string()),
            ("MAX_CUTS", MAX_CUTS.to_string()),
            ("PROBE_MS", PROBE_MS.to_string()),
        ];
        script("The policy and the limits that only the JavaScript client needs", &constants)
    }

    #[test]
    fn the_scripts_follow_the_policy_of_the_wasm() {
        for (name, script) in [("js/policy.js", shared()), ("js/client/policy.js", client())] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
            if std::env::var_os(UPDATE).is_some() {
                std::fs::write(&path, &script).unwrap();
            }
            let committed = std::fs::read_to_string(path).unwrap();
            assert_eq!(committed, script, "{name} is out of date; run UPDATE_POLICY=1 cargo test -p client policy");
        }
    }
}
