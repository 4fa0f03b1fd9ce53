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

/// What `--help` says about the exit codes. The README has the same table; a test compares both with [`Exit::code`].
pub(crate) const HELP: &str = "Exit codes:
    0  done; a watched job is completed
    1  a watched job is failed
    2  the arguments or the settings are wrong
    3  a watched job is cancelled
    4  a watched job has timed out
    5  the server refused the request
    6  the server gave no response
  130  interrupted (Ctrl-C)";

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
