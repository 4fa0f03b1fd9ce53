//! The driver: the threads that send the requests of the state machine, and the clock.
#![allow(clippy::disallowed_methods, reason = "the driver gives the state machine the time")]

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use protocol::{Timestamp, control::Control};

use crate::{
    answer::Answer,
    http::Server,
    machine::{Machine, Next, Notice, Request},
};

/// A function of the application that is called for each control request.
pub(crate) type Callback = Arc<dyn Fn(&Control) + Send + Sync>;

/// A producer at work.
pub(crate) struct Driver {
    job_id: String,
    server: Server,
    started: Instant,
    state: Mutex<State>,
    /// Notified after each change of the state that can concern another thread.
    changed: Condvar,
}

struct State {
    machine: Machine,
    callback: Option<Callback>,
    /// Whether a thread waits for control requests.
    has_waiter: bool,
    /// Whether the application has no handle any more, and waits no longer.
    is_abandoned: bool,
}

/// What one of the two threads takes from the state machine, and how it gives back the answer.
#[derive(Clone, Copy)]
struct Role {
    next: fn(&mut Machine, u64) -> Next,
    answer: fn(&mut Machine, Option<Answer>, u64, f64),
}

const REPORTS: Role = Role { next: Machine::next, answer: Machine::on_answer };
const CONTROL: Role = Role { next: Machine::next_wait, answer: Machine::on_wait_answer };

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("job_id", &self.job_id).field("server", &self.server).finish_non_exhaustive()
    }
}

impl Driver {
    /// Starts the thread that sends.
    pub(crate) fn start(job_id: String, server: Server, machine: Machine, callback: Option<Callback>) -> Arc<Driver> {
        let state = State { machine, callback, has_waiter: false, is_abandoned: false };
        let driver = Arc::new(Driver {
            job_id,
            server,
            started: Instant::now(),
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        driver.notify(driver.lock());
        driver.spawn("job-progress", REPORTS);
        driver
    }

    pub(crate) fn job_id(&self) -> &str {
        &self.job_id
    }

    /// Reads or changes the state machine.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Machine) -> T) -> T {
        work(&mut self.lock().machine)
    }

    /// Calls the state machine at the current time, and wakes the thread that sends if the call says so.
    pub(crate) fn call(&self, call: impl FnOnce(&mut Machine, Timestamp) -> bool) {
        if call(&mut self.lock().machine, now()) {
            self.changed.notify_all();
        }
    }

    /// Sets the function that is called for each control request, also for one that is already pending.
    pub(crate) fn set_callback(&self, callback: Callback) {
        let mut state = self.lock();
        state.machine.listen();
        let pending = state.machine.requests().pending().cloned();
        state.callback = Some(Arc::clone(&callback));
        drop(state);
        self.changed.notify_all();
        if let Some(pending) = pending {
            callback(&pending);
        }
    }

    /// Waits until `is_reached`, for at most `timeout`. Returns whether it is.
    pub(crate) fn wait(&self, timeout: Duration, is_reached: impl Fn(&Machine) -> bool) -> bool {
        let state = self.lock();
        let waited = self.changed.wait_timeout_while(state, timeout, |state| !is_reached(&state.machine));
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        is_reached(&state.machine)
    }

    /// Waits until everything is delivered, for at most `timeout`. Returns whether it is.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        let now_ms = self.now_ms();
        self.with(|machine| machine.begin_flush(now_ms));
        self.changed.notify_all();
        let is_delivered = self.wait(timeout, Machine::is_delivered);
        self.with(Machine::end_flush);
        is_delivered
    }

    /// Ends the threads; what waits is dropped.
    pub(crate) fn abandon(&self) {
        self.lock().is_abandoned = true;
        self.changed.notify_all();
    }

    /// Prints a warning of the producer.
    pub(crate) fn warn(&self, text: &str) {
        log::warn!("job {}: {text}", self.job_id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn spawn(self: &Arc<Driver>, name: &str, role: Role) {
        let driver = Arc::clone(self);
        if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(move || driver.run(role)) {
            self.warn(&format!("nothing can be reported, because no thread can be started: {error}"));
        }
    }

    /// Sends requests until the producer ends.
    fn run(self: &Arc<Driver>, role: Role) {
        while let Some(request) = self.next_request(role) {
            let answer = self.server.send(&request);
            let mut state = self.lock();
            (role.answer)(&mut state.machine, answer, self.now_ms(), random_share());
            let starts_waiter = state.machine.listens() && !state.has_waiter;
            state.has_waiter |= starts_waiter;
            self.notify(state);
            if starts_waiter {
                self.spawn("job-progress-control", CONTROL);
            }
        }
    }

    /// Waits for the next request; `None` is the end.
    fn next_request(&self, role: Role) -> Option<Request> {
        let mut state = self.lock();
        while !state.is_abandoned {
            let now_ms = self.now_ms();
            let until_ms = match (role.next)(&mut state.machine, now_ms) {
                Next::Send(request) => return Some(request),
                Next::End => return None,
                Next::Wait(until_ms) => until_ms,
            };
            state = match until_ms {
                Some(until_ms) => {
                    let wait = Duration::from_millis(until_ms.saturating_sub(now_ms));
                    self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        None
    }

    /// Gives the application the notices of the state machine, without holding the lock, and wakes the other threads.
    fn notify(&self, mut state: MutexGuard<'_, State>) {
        let notices = state.machine.take_notices();
        let callback = state.callback.clone();
        drop(state);
        self.changed.notify_all();
        for notice in notices {
            match (notice, &callback) {
                (Notice::Warning(text), _) => self.warn(&text),
                (Notice::Requested(control), Some(callback)) => callback(&control),
                (Notice::Requested(_), None) => {}
            }
        }
    }
}

/// The time of a call, of the system's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A random number from 0 to 1, for the time before a retry.
fn random_share() -> f64 {
    // Without random numbers all producers would try again after the same time, which still works.
    f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}
