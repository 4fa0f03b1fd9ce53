//! The foreground of the terminal, which the command gets while it runs, as from a shell.

use std::io::{self, IsTerminal as _};

use nix::{
    sys::signal::{SigSet, Signal},
    unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp},
};

/// Our place in the foreground of the terminal, if we have it: only its process group may read from the terminal, and it
/// gets the signals of Ctrl-C and Ctrl-Z.
#[derive(Debug)]
pub(super) struct Foreground {
    has_it: bool,
}

impl Foreground {
    /// Looks whether we are in the foreground of the terminal that is our standard input.
    pub(super) fn find() -> Foreground {
        let has_it = io::stdin().is_terminal() && tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp());
        if has_it {
            // Without this, taking the foreground back would stop us.
            let mut signals = SigSet::empty();
            signals.add(Signal::SIGTTOU);
            let _ = signals.thread_block();
        }
        Foreground { has_it }
    }

    /// Whether we were in the foreground at the start.
    pub(super) fn is_ours(&self) -> bool {
        self.has_it
    }

    /// Gives the foreground to a process group.
    pub(super) fn give(&self, group: Pid) {
        if self.has_it {
            // A terminal that has gone away needs nothing.
            let _ = tcsetpgrp(io::stdin(), group);
        }
    }

    /// Takes the foreground back.
    pub(super) fn take_back(&self) {
        self.give(getpgrp());
    }
}
