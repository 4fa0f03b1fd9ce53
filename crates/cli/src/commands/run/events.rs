//! What happens while a command runs.

use job_progress::ControlRequest;
use nix::sys::signal::Signal;

/// An event.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// `jp` has received a signal.
    Signal(Signal),
    /// A page, or another program, has requested this.
    Requested(ControlRequest),
    /// The command was stopped, but has not ended.
    Stopped(Signal),
    /// A stream of the command has no more output.
    StreamEnded,
    /// The command has ended.
    Ended(Ended),
}

/// How a command has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself, with this exit code.
    Exited(i32),
    /// By this signal.
    Killed(Signal),
}

impl Ended {
    /// The exit code that a shell would show.
    pub(super) fn code(self) -> u8 {
        let code = match self {
            Ended::Exited(code) => code,
            Ended::Killed(signal) => (signal as i32).saturating_add(128),
        };
        u8::try_from(code).unwrap_or(u8::MAX)
    }
}
