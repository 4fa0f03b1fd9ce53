//! Which output of a command becomes the log of the job.

use super::stream::{Stream, is_stdout_for_others};

/// The streams whose lines become the log and the text of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logged {
    Both,
    /// Standard output is the data of another program, as in `jp run -- pg_dump shop | gzip`.
    StderrOnly,
    Nothing,
}

impl Logged {
    /// The streams of a command whose streams are passed on to ours. In a terminal of its own a command prints for people.
    pub(super) fn of_command(has_terminal: bool) -> Logged {
        // A stream that is closed passes nothing on.
        if !has_terminal && is_stdout_for_others().unwrap_or(false) { Logged::StderrOnly } else { Logged::Both }
    }

    /// Whether the lines of this stream are logged.
    pub(super) fn includes(self, stream: Stream) -> bool {
        match self {
            Logged::Both => true,
            Logged::StderrOnly => stream == Stream::Stderr,
            Logged::Nothing => false,
        }
    }
}
