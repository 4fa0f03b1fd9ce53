//! What a connection does at certain times, and which of these times is next.

use protocol::sse::HEARTBEAT_MS;

use super::{
    Action, Connection,
    exchange::{Exchange, Stream},
    job_state::{JobState, Phase},
};
use crate::{fallback::Route, json::Json, policy::RENEWAL_TIMEOUT_MS};

/// Milliseconds that an open stream may be silent: two heartbeats are missing, the second one by a second.
pub const SILENCE_MS: u64 = 2 * HEARTBEAT_MS + 1_000;
/// Milliseconds until the first byte of a response that is due at once.
pub const ANSWER_MS: u64 = 10_000;
/// How many streams after a silent one get only [`QUICK_ANSWER_MS`]: what made a connection silent has usually made the idle
/// connections in the browser's pool silent too, and a request that is aborted closes the one that it was sent on.
pub const QUICK_TRIES: u8 = 5;
/// Milliseconds until the first byte of such a stream.
pub const QUICK_ANSWER_MS: u64 = 2_500;

impl<J: Json> Connection<J> {
    /// Does everything that is due.
    pub(super) fn run_due(&mut self) {
        self.run_timeouts();
        if self.retry_delay.is_some_and(|delay| delay.until <= self.tick.now) {
            self.retry_delay = None;
        }
        if !self.jobs.iter().any(JobState::is_active) {
            return self.drop_streams();
        }
        let is_due = |at: Option<u64>| at.is_some_and(|at| at <= self.tick.now);
        if self.fallback.route() != Route::Stream {
            if is_due(self.next_probe()) {
                self.open_stream();
            }
            self.open_due_polls();
        } else if is_due(self.next_stream()) {
            self.review_at = None;
            if self.live.as_ref().is_none_or(|live| live.has_stale_jobs) || self.jobs.iter().any(JobState::lacks_stream)
            {
                self.open_stream();
            }
        }
    }

    /// Ends everything that has taken too long, and every delay that has passed.
    fn run_timeouts(&mut self) {
        let now = self.tick.now;
        if self.live.as_ref().is_some_and(|live| silence_timeout(live) <= now) {
            self.drop_live();
            self.quick_tries = QUICK_TRIES;
        }
        if self.opening_timeout().is_some_and(|at| at <= now) {
            self.drop_opening();
            match self.quick_tries.checked_sub(1) {
                Some(left) => self.quick_tries = left,
                None => self.on_stream_cut(),
            }
        }
        self.run_poll_timeouts();
        for index in 0..self.jobs.len() {
            let Some(job) = self.jobs.get_mut(index) else { continue };
            match job.phase {
                Phase::BackingOff(delay) if delay.until <= now && job.lacks_token() => {
                    job.emit_renew_token(self.tick, &mut self.actions);
                }
                // A poll: a stream of many jobs is not replaced only to learn that one of them is still refused.
                Phase::BackingOff(delay) if delay.until <= now && self.live.is_some() => {
                    let key = job.key;
                    self.open_poll(key, false);
                }
                Phase::BackingOff(delay) if delay.until <= now => job.phase = Phase::Active,
                Phase::RenewingToken { since } if since.saturating_add(RENEWAL_TIMEOUT_MS) <= now => {
                    job.on_renewal_failed(self.tick, &mut self.actions);
                }
                _ => {}
            }
        }
    }

    /// When a stream is to be opened, if nothing else happens.
    fn next_stream(&self) -> Option<u64> {
        let wanted = if self.live.is_some() { self.review_at } else { Some(self.review_at.unwrap_or(0)) };
        Some(self.after_delay(wanted.filter(|_| self.opening.is_none())?))
    }

    /// When a stream is to be tried while polls are the route.
    fn next_probe(&self) -> Option<u64> {
        Some(self.after_delay(self.fallback.probe_at().filter(|_| self.opening.is_none())?))
    }

    /// The time `at`, or the end of the retry delay if that is later.
    pub(super) fn after_delay(&self, at: u64) -> u64 {
        self.retry_delay.map_or(at, |delay| delay.until.max(at))
    }

    /// The next time at which something is due.
    fn deadline(&self) -> Option<u64> {
        let of_jobs = self.jobs.iter().filter_map(|job| match job.phase {
            Phase::BackingOff(delay) => Some(delay.until).filter(|_| job.poll.is_none()),
            Phase::RenewingToken { since } => Some(since.saturating_add(RENEWAL_TIMEOUT_MS)),
            Phase::Active | Phase::Ended => None,
        });
        let is_idle = !self.jobs.iter().any(JobState::is_active);
        let next = match self.fallback.route() {
            _ if is_idle => [None, None],
            Route::Stream => [self.next_stream(), None],
            Route::LongPoll | Route::Poll => [self.next_probe(), self.next_poll()],
        };
        let live = self.live.as_ref().map(silence_timeout);
        [live, self.opening_timeout(), self.next_poll_timeout()].into_iter().chain(next).flatten().chain(of_jobs).min()
    }

    /// When the opening stream must have brought its first byte.
    fn opening_timeout(&self) -> Option<u64> {
        let exchange = &self.opening.as_ref()?.exchange;
        let answer = answer_timeout(exchange, 0);
        let quick = exchange.sent_at.saturating_add(QUICK_ANSWER_MS);
        Some(if self.quick_tries > 0 { quick } else { answer })
    }

    /// Sets a timer for the next deadline, unless one is set that fires in time. A timer that fires too early is set again.
    pub(super) fn emit_timer(&mut self) {
        if let Some(deadline) = self.deadline()
            && self.timer_at.is_none_or(|at| at > deadline)
        {
            self.timer_at = Some(deadline);
            self.actions.push(Action::Timer(deadline.saturating_sub(self.tick.now)));
        }
    }
}

fn silence_timeout(stream: &Stream) -> u64 {
    stream.last_byte_at.saturating_add(SILENCE_MS)
}

/// When a response must have begun that the server may delay by `wait` milliseconds.
pub(super) fn answer_timeout(exchange: &Exchange, wait: u64) -> u64 {
    exchange.sent_at.saturating_add(wait).saturating_add(ANSWER_MS)
}
