//! The exit codes of `jp`.

use protocol::Status;

/// How a command has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command has done what it was asked for; a watched job is `completed`.
    Success,
    /// A watched job is `failed`.
    Failed,
    /// The arguments or the settings are wrong.
    Usage,
    /// A watched job is `cancelled`.
    Cancelled,
    /// A watched job is `timeout`.
    Timeout,
    /// The server refused the request.
    Refused,
    /// The server gave no response, or one that is not of this API.
    NoResponse,
    /// The user interrupted the command.
    Interrupted,
    /// The exit code of the command that `jp run` has run.
    OfCommand(u8),
}

/// What each exit code of `jp` itself means, for `--help` and the README.
const MEANINGS: [(Exit, &str); 8] = [
    (Exit::Success, "done; a watched job is completed"),
    (Exit::Failed, "a watched job is failed"),
    (Exit::Usage, "the arguments or the settings are wrong"),
    (Exit::Cancelled, "a watched job is cancelled"),
    (Exit::Timeout, "a watched job has timed out"),
    (Exit::Refused, "the server refused the request"),
    (Exit::NoResponse, "the server gave no response"),
    (Exit::Interrupted, "interrupted (Ctrl-C)"),
];

/// What `--help` says about the exit codes.
pub(crate) fn help() -> String {
    let lines = MEANINGS.iter().map(|(exit, meaning)| format!("{:>5}  {meaning}", exit.code()));
    [vec!["Exit codes:".to_owned()], lines.collect()].concat().join("\n")
}

impl Exit {
    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Cancelled => 3,
            Exit::Timeout => 4,
            Exit::Refused => 5,
            Exit::NoResponse => 6,
            Exit::Interrupted => 130,
            Exit::OfCommand(code) => code,
        }
    }

    /// The exit of a command that has watched a job to its end. `None` if the status is not an end.
    pub(crate) fn of_status(status: Status) -> Option<Exit> {
        match status {
            Status::Completed => Some(Exit::Success),
            Status::Failed => Some(Exit::Failed),
            Status::Cancelled => Some(Exit::Cancelled),
            Status::Timeout => Some(Exit::Timeout),
            Status::Queued | Status::Initializing | Status::Running | Status::Paused => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_lists_every_exit_code_with_its_meaning() {
        let rows = MEANINGS.iter().map(|(exit, meaning)| format!("| {} | {meaning} |\n", exit.code()));
        let table = format!("| exit code | meaning |\n|---|---|\n{}\n", rows.collect::<String>());
        assert!(include_str!("../README.md").contains(&table), "{table}");
    }
}
