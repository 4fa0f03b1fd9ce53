//! Supervises a command: signals, control requests, the timeout and the end.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use job_progress::{ControlRequest, Job, Status};
use nix::sys::signal::{Signal, raise};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH},
    iterator::Signals,
};

use super::{
    child::Child,
    events::{Ended, Event},
    observer::Observer,
    outcome::{self, Ending},
    terminal::Foreground,
};

/// How often it is looked whether the job was ended by somebody else.
const LOOK: Duration = Duration::from_secs(1);
/// How long output is awaited after the end of the command: a program that it has left behind can keep the streams open.
const SETTLE: Duration = Duration::from_secs(1);
/// How long a command that stops waits until the page shows it.
const PAUSE_FLUSH: Duration = Duration::from_millis(500);

/// The signals that are handled.
const SIGNALS: [i32; 6] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH];

/// The supervisor of a command.
#[derive(Debug)]
pub(super) struct Supervisor {
    job: Arc<Job>,
    grace: Duration,
    timeout: Option<Duration>,
    foreground: Foreground,
    ending: Option<Ending>,
    /// When the command is killed, once it was asked to end.
    kill_at: Option<Instant>,
    timeout_at: Option<Instant>,
    /// Whether a request has stopped the command.
    is_paused: bool,
}

impl Supervisor {
    pub(super) fn new(job: Arc<Job>, grace: Duration, timeout: Option<Duration>) -> Supervisor {
        Supervisor {
            job,
            grace,
            timeout,
            foreground: Foreground::find(),
            ending: None,
            kill_at: None,
            timeout_at: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            is_paused: false,
        }
    }

    /// Runs the command to its end, reports it and returns the exit code.
    pub(super) fn run(mut self, mut child: Child, observer: &Arc<Observer>) -> io::Result<u8> {
        let (sender, events) = channel();
        if !child.has_terminal() {
            self.foreground.give(child.group());
        }
        forward_signals(sender.clone())?;
        let requests = sender.clone();
        self.job.on_control(move |control| {
            let _ = requests.send(Event::Requested(control.request));
        });
        let streams = child.observe(observer, &sender);
        let ended = self.supervise(&child, &events, streams);
        self.foreground.take_back();
        outcome::report(&self.job, ended, self.ending, &observer.last_lines());
        Ok(ended.code())
    }

    /// Handles events until the command has ended and its output is passed on.
    fn supervise(&mut self, child: &Child, events: &Receiver<Event>, mut streams: usize) -> Ended {
        let mut ended = None;
        loop {
            let wait = if ended.is_some() { SETTLE } else { self.wait() };
            match (events.recv_timeout(wait), ended) {
                (Ok(Event::Ended(how)), _) => ended = Some(how),
                (Ok(Event::StreamEnded), _) => streams = streams.saturating_sub(1),
                (Ok(Event::Signal(signal)), None) => self.on_signal(child, signal),
                (Ok(Event::Requested(request)), None) => self.on_request(child, request),
                (Ok(Event::Stopped(signal)), None) => self.on_stop(child, signal),
                (Err(RecvTimeoutError::Timeout), None) => self.on_time(child),
                // What has ended needs no signal.
                (Ok(_), Some(_)) => {}
                (Err(_), Some(ended)) => return ended,
                (Err(RecvTimeoutError::Disconnected), None) => return Ended::Exited(1),
            }
            if let (0, Some(ended)) = (streams, ended) {
                return ended;
            }
        }
    }

    /// The time until something is due.
    fn wait(&self) -> Duration {
        let left = |at: &Instant| at.saturating_duration_since(Instant::now());
        [self.kill_at, self.timeout_at].iter().flatten().map(left).fold(LOOK, Duration::min)
    }

    fn on_time(&mut self, child: &Child) {
        let is_over = |at: Option<Instant>| at.is_some_and(|at| at <= Instant::now());
        if is_over(self.kill_at) {
            self.kill_at = None;
            child.signal(Signal::SIGKILL);
        }
        if is_over(self.timeout_at) {
            self.timeout_at = None;
            self.end(child, Ending::TimedOut(self.timeout.unwrap_or_default().as_secs()), Signal::SIGTERM);
        }
        // `cancel` with `force` ends the job without asking us.
        if self.ending.is_none() && self.job.has_ended() && self.job.status() == Some(Status::Cancelled) {
            self.end(child, Ending::Cancelled, Signal::SIGTERM);
        }
    }

    fn on_signal(&mut self, child: &Child, signal: Signal) {
        match signal {
            Signal::SIGWINCH => child.resize(),
            Signal::SIGTSTP => child.signal(Signal::SIGTSTP),
            // The command decides what an interruption means, as without `jp`; only a request sets a limit of time.
            signal => {
                self.ending.get_or_insert(Ending::Signal(signal));
                child.signal(signal);
                self.wake(child);
            }
        }
    }

    fn on_request(&mut self, child: &Child, request: ControlRequest) {
        match request {
            ControlRequest::Cancel => self.end(child, Ending::Cancelled, Signal::SIGTERM),
            ControlRequest::Pause => {
                self.is_paused = true;
                child.signal(Signal::SIGSTOP);
                self.job.paused();
            }
            ControlRequest::Resume => {
                self.wake(child);
                self.job.resumed();
            }
            // The server begins another attempt at once; it asks no producer.
            ControlRequest::Retry => {}
        }
    }

    /// Asks the command to end; it is killed if it does not.
    fn end(&mut self, child: &Child, ending: Ending, signal: Signal) {
        self.ending = Some(ending);
        self.kill_at = Instant::now().checked_add(self.grace);
        child.signal(signal);
        self.wake(child);
    }

    /// Lets a command continue that a request has stopped, so that it can handle a signal.
    fn wake(&mut self, child: &Child) {
        if std::mem::take(&mut self.is_paused) {
            child.signal(Signal::SIGCONT);
        }
    }

    /// The command was stopped: by a request, by Ctrl-Z, or because it wanted the terminal before it had it.
    fn on_stop(&self, child: &Child, signal: Signal) {
        if self.is_paused {
            return;
        }
        let wants_terminal = matches!(signal, Signal::SIGTTIN | Signal::SIGTTOU);
        if wants_terminal && self.foreground.is_ours() && !child.has_terminal() {
            self.foreground.give(child.group());
            child.signal(Signal::SIGCONT);
            return;
        }
        self.job.paused();
        let _ = self.job.flush(PAUSE_FLUSH);
        self.foreground.take_back();
        // We stop too, so that the shell shows its prompt; `fg` or `bg` continues both.
        let _ = raise(Signal::SIGSTOP);
        if !child.has_terminal() {
            self.foreground.give(child.group());
        }
        child.signal(Signal::SIGCONT);
        self.job.resumed();
    }
}

/// Sends the signals that we receive as events.
fn forward_signals(events: Sender<Event>) -> io::Result<()> {
    let mut signals = Signals::new(SIGNALS)?;
    thread::spawn(move || {
        for signal in signals.forever().filter_map(|signal| Signal::try_from(signal).ok()) {
            if events.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(())
}
