//! The command that runs, in a process group of its own.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read as _, Write as _},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::process::CommandExt as _,
    },
    process::{Command, Stdio},
    sync::{Arc, mpsc::Sender},
    thread,
};

use console::Term;
use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, killpg},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use pty_process::{
    Size,
    blocking::{self, Pty},
};

use super::{
    events::{Ended, Event},
    lines::Lines,
    observer::Observer,
    stream::Stream,
};

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// A command that runs.
pub(super) struct Child {
    pid: Pid,
    streams: Vec<(OwnedFd, Stream)>,
    /// Its terminal, if it has one of its own.
    pty: Option<Pty>,
}

impl Child {
    /// Starts the command, in a terminal of its own with `has_terminal`.
    pub(super) fn start(command: &[OsString], environment: &[(&str, &str)], has_terminal: bool) -> io::Result<Child> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).envs(environment.iter().copied());
        if has_terminal { start_in_terminal(command) } else { start_with_pipes(command) }
    }

    /// The process group of the command.
    pub(super) fn group(&self) -> Pid {
        self.pid
    }

    /// Whether it has a terminal of its own.
    pub(super) fn has_terminal(&self) -> bool {
        self.pty.is_some()
    }

    /// Sends a signal to the process group. A group that has ended needs none.
    pub(super) fn signal(&self, signal: Signal) {
        let _ = killpg(self.pid, signal);
    }

    /// Gives the terminal of the command the size of ours.
    pub(super) fn resize(&self) {
        if let Some(pty) = &self.pty {
            let (rows, columns) = Term::stdout().size();
            // A program in a terminal of a wrong size still works.
            let _ = pty.resize(Size::new(rows, columns));
        }
    }

    /// Passes on the output, and sends an event when a stream or the command ends. Returns the number of streams.
    pub(super) fn observe(&mut self, observer: &Arc<Observer>, events: &Sender<Event>) -> usize {
        let streams = self.streams.len();
        for (pipe, stream) in self.streams.drain(..) {
            let (observer, events) = (Arc::clone(observer), events.clone());
            thread::spawn(move || {
                pass_on(pipe.into(), stream, &observer);
                let _ = events.send(Event::StreamEnded);
            });
        }
        let (pid, events) = (self.pid, events.clone());
        thread::spawn(move || wait(pid, &events));
        streams
    }
}

fn start_with_pipes(mut command: Command) -> io::Result<Child> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    let streams = [
        child.stdout.take().map(|pipe| (pipe.into(), Stream::Stdout)),
        child.stderr.take().map(|pipe| (pipe.into(), Stream::Stderr)),
    ];
    Ok(Child { pid: pid_of(&child)?, streams: streams.into_iter().flatten().collect(), pty: None })
}

/// The command leads a session of its own. Its input stays ours, so that it can be redirected and typed.
fn start_in_terminal(command: Command) -> io::Result<Child> {
    let (pty, pts) = blocking::open().map_err(io_error)?;
    let stream = pty.as_fd().try_clone_to_owned()?;
    let child = blocking::Command::from(command).stdin(Stdio::inherit()).spawn(pts).map_err(io_error)?;
    let child = Child { pid: pid_of(&child)?, streams: vec![(stream, Stream::Stdout)], pty: Some(pty) };
    child.resize();
    Ok(child)
}

fn io_error(error: pty_process::Error) -> io::Error {
    match error {
        pty_process::Error::Io(error) => error,
        error => io::Error::other(error),
    }
}

fn pid_of(child: &std::process::Child) -> io::Result<Pid> {
    i32::try_from(child.id()).map(Pid::from_raw).map_err(io::Error::other)
}

/// Copies a stream to our own output as it comes, and reports what it shows.
fn pass_on(mut pipe: File, stream: Stream, observer: &Observer) {
    let Ok(mut target) = stream.open() else { return };
    let mut lines = Lines::default();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = match pipe.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // A terminal whose last program has ended gives an error in place of an end.
            Err(_) => break,
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        if target.write_all(bytes).is_err() {
            // Nothing reads our output any more: closing the pipe lets the command know it, as without `jp`.
            break;
        }
        observer.observe(stream, &lines.read(bytes, count < BUFFER_BYTES));
    }
    if let Some(line) = lines.end() {
        observer.observe(stream, &[line]);
    }
}

/// Waits for the end of the command. A stop, such as by Ctrl-Z, is an event too.
fn wait(pid: Pid, events: &Sender<Event>) {
    loop {
        let event = match waitpid(pid, Some(WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Exited(_, code)) => Event::Ended(Ended::Exited(code)),
            Ok(WaitStatus::Signaled(_, signal, _)) => Event::Ended(Ended::Killed(signal)),
            Ok(WaitStatus::Stopped(_, signal)) => Event::Stopped(signal),
            Ok(_) | Err(Errno::EINTR) => continue,
            // Something else has waited for it, which cannot happen; its code is not known.
            Err(_) => Event::Ended(Ended::Exited(1)),
        };
        let is_end = matches!(event, Event::Ended(_));
        if events.send(event).is_err() || is_end {
            return;
        }
    }
}
