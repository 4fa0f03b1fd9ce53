//! How the end of a command is reported.

use job_progress::{Job, Report, Status};
use nix::sys::signal::Signal;

use super::events::Ended;

/// Why the command was asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The job was cancelled.
    Cancelled,
    /// It has taken longer than allowed, in seconds.
    TimedOut(u64),
    /// `jp` has received this signal.
    Signal(Signal),
}

/// The signals with which a person or a system stops a program.
const STOPS: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// Reports the end of the command.
pub(super) fn report(job: &Job, ended: Ended, ending: Option<Ending>, last_lines: &str) {
    job.report(end(ended, ending, last_lines));
}

/// The report that ends the job. A command that succeeds completes the job, also after a request to cancel it.
fn end(ended: Ended, ending: Option<Ending>, last_lines: &str) -> Report {
    let ended_as = match ended {
        Ended::Exited(0) => return Report::new().status(Status::Completed),
        Ended::Exited(code) => format!("The command ended with exit code {code}"),
        Ended::Killed(signal) => format!("The command was ended by {signal}"),
    };
    let report = Report::new().field("execution", execution(ended));
    match (ending, ended) {
        // The server shows the reason of the request as the error.
        (Some(Ending::Cancelled), _) => report.status(Status::Cancelled),
        (Some(Ending::TimedOut(seconds)), _) => {
            let message = format!("The command has taken longer than {seconds} s");
            report.status(Status::Timeout).error("EXECUTION_TIMEOUT", message)
        }
        (Some(Ending::Signal(signal)), _) => {
            report.status(Status::Cancelled).error("SIGNAL", format!("{ended_as} after {signal}"))
        }
        (None, Ended::Killed(signal)) if STOPS.contains(&signal) => {
            report.status(Status::Cancelled).error("SIGNAL", ended_as)
        }
        (None, _) => {
            let code = if matches!(ended, Ended::Exited(_)) { "EXIT_CODE" } else { "SIGNAL" };
            let separator = if last_lines.is_empty() { "" } else { ":\n" };
            report.status(Status::Failed).error(code, format!("{ended_as}{separator}{last_lines}"))
        }
    }
}

/// The exit code or the signal, for programs.
fn execution(ended: Ended) -> serde_json::Value {
    match ended {
        Ended::Exited(code) => serde_json::json!({ "exitCode": code }),
        Ended::Killed(signal) => serde_json::json!({ "signal": signal.as_str() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status_and_error(ended: Ended, ending: Option<Ending>) -> (String, Option<String>) {
        let report = end(ended, ending, "line");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let status = report.get("status").map(text).unwrap_or_default();
        (status, report.get("error").and_then(|error| error.get("message")).map(text))
    }

    #[test]
    fn success_completes_the_job_also_after_a_request_to_cancel_it() {
        for ending in [None, Some(Ending::Cancelled), Some(Ending::TimedOut(1)), Some(Ending::Signal(Signal::SIGINT))] {
            assert_eq!(status_and_error(Ended::Exited(0), ending), ("completed".to_owned(), None));
        }
    }

    #[test]
    fn a_failure_shows_the_code_and_the_last_lines() {
        let (status, error) = status_and_error(Ended::Exited(3), None);
        assert_eq!((status.as_str(), error.as_deref()), ("failed", Some("The command ended with exit code 3:\nline")));
        let (status, error) = status_and_error(Ended::Killed(Signal::SIGKILL), None);
        assert_eq!((status.as_str(), error.as_deref()), ("failed", Some("The command was ended by SIGKILL:\nline")));
    }

    #[test]
    fn a_command_that_was_stopped_is_cancelled_or_has_timed_out() {
        let killed = Ended::Killed(Signal::SIGTERM);
        assert_eq!(status_and_error(killed, None).0, "cancelled");
        assert_eq!(status_and_error(killed, Some(Ending::Cancelled)), ("cancelled".to_owned(), None));
        assert_eq!(status_and_error(Ended::Exited(130), Some(Ending::Signal(Signal::SIGINT))).0, "cancelled");
        assert_eq!(status_and_error(killed, Some(Ending::TimedOut(5))).0, "timeout");
    }
}
