//! How a connection polls: it requests one job's document, if streams are cut or if the reader wants it now.

use super::{
    Action, Connection, HEALTHY_MS, JobKey, Request, RequestId, ResponseHead,
    due::answer_timeout,
    exchange::{Exchange, Poll},
    job_state::{JobState, Phase},
};
use crate::{
    endpoints::WAIT_SECONDS,
    fallback::Route,
    json::Json,
    parsed_frame::DocumentHead,
    policy::{MAX_POLL_MS, MIN_POLL_MS, POLL_MS},
    problem::Problem,
    retry_class::RetryClass,
};

/// Milliseconds that each job adds to the interval between two polls of a job: ten polls a second for all jobs together.
const PACE_MS: u64 = 100;
/// Maximum number of open polls; browsers open six HTTP/1.1 connections to a server.
const MAX_OPEN: usize = 4;
/// Maximum number of active jobs for long polls, as each keeps one of those connections.
const MAX_LONG_POLLS: usize = 2;

impl<J: Json> Connection<J> {
    /// Whether polls are long polls: only after one poll was answered, because a long poll needs a cursor.
    fn polls_wait(&self) -> bool {
        self.fallback.route() == Route::LongPoll
            && self.fallback.is_polling()
            && self.jobs.iter().filter(|job| job.is_active()).count() <= MAX_LONG_POLLS
    }

    /// When the next poll is due, if nothing else happens.
    pub(super) fn next_poll(&self) -> Option<u64> {
        if self.jobs.iter().filter(|job| job.poll.is_some()).count() >= MAX_OPEN {
            return None;
        }
        let idle = self.jobs.iter().filter(|job| job.is_active() && job.poll.is_none());
        Some(self.after_delay(idle.map(|job| job.poll_at).min()?))
    }

    /// Sends the polls that are due.
    pub(super) fn open_due_polls(&mut self) {
        while self.next_poll().is_some_and(|at| at <= self.tick.now) {
            let idle = self.jobs.iter().filter(|job| job.is_active() && job.poll.is_none());
            let Some(key) = idle.min_by_key(|job| job.poll_at).map(|job| job.key) else { return };
            self.open_poll(key, self.polls_wait());
        }
    }

    /// Requests a job's document; `waits` makes it a long poll if the job has a cursor.
    pub(super) fn open_poll(&mut self, key: JobKey, waits: bool) {
        let id = self.next_request();
        let Some(job) = self.jobs.iter_mut().find(|job| job.key == key) else { return };
        match &job.poll {
            Some(poll) if !poll.waits => return,
            Some(poll) => self.actions.push(Action::Abort(poll.exchange.id)),
            None => {}
        }
        let cursor = job.newest.as_ref().map(|newest| &newest.cursor);
        let waits = waits && cursor.is_some();
        let url = match cursor {
            Some(cursor) if waits => self.endpoints.next(&job.subscription, cursor),
            cursor => self.endpoints.status(&job.subscription, cursor),
        };
        job.has_unsent_token = false;
        job.poll = Some(Poll { exchange: Exchange::new(id, self.tick.now), waits });
        self.actions.push(Action::Open(Request { id, url, token: job.subscription.token.clone(), body: None }));
    }

    pub(super) fn on_poll_head(&mut self, request: RequestId, head: ResponseHead) {
        let Some(poll) = self.polled_by(request).and_then(|job| job.poll.as_mut()) else { return };
        let is_unchanged = head.status == 304;
        poll.exchange.on_head(head);
        if is_unchanged {
            self.actions.push(Action::Abort(request));
            self.on_poll_closed(request);
        }
    }

    pub(super) fn on_poll_bytes(&mut self, request: RequestId, bytes: &[u8]) {
        let Some(poll) = self.polled_by(request).and_then(|job| job.poll.as_mut()) else { return };
        poll.exchange.on_bytes(bytes);
    }

    pub(super) fn on_poll_closed(&mut self, request: RequestId) {
        let tick = self.tick;
        let Some(index) = self.jobs.iter().position(|job| job.is_polled_by(request)) else { return };
        let Some(job) = self.jobs.get_mut(index) else { return };
        let Some(poll) = job.poll.take() else { return };
        let was_active = job.is_active();
        let body = || J::parse(&poll.exchange.body());
        match poll.exchange.status() {
            304 => {
                job.on_unchanged(&mut self.actions);
                self.on_poll_worked(index, &poll, None);
            }
            200 => match body().and_then(|body| Some((DocumentHead::parse(&body)?, body))) {
                Some((head, document)) => {
                    let interval = document.number("pollAfterMs");
                    job.on_poll_document(head, document, &mut self.actions);
                    self.on_poll_worked(index, &poll, interval);
                }
                None => {
                    let problem = Problem::unexpected(200, false);
                    job.on_refused(RetryClass::Later, problem, 0, tick, &mut self.actions);
                }
            },
            // A gateway that gives up on a long poll.
            502 | 504 if poll.waits => self.on_poll_cut(index),
            status => {
                let problem = body().and_then(|body| Problem::from_body(body, false));
                let problem = problem.unwrap_or_else(|| Problem::unexpected(status, false));
                let retry_after_ms = poll.exchange.retry_after_ms();
                match RetryClass::from_response(status, &problem.code) {
                    // The page only looked whether the job was retried; what it shows is still true.
                    _ if job.is_at_rest() => {}
                    // A poll beside the job's stream, or after the job's end, does not make the job back off.
                    RetryClass::Later if job.is_live || job.phase == Phase::Ended => {
                        job.emit_problem(problem, &mut self.actions);
                    }
                    class => job.on_refused(class, problem, retry_after_ms, tick, &mut self.actions),
                }
                self.fallback.on_poll_failed();
            }
        }
        if !was_active && self.jobs.get(index).is_some_and(JobState::is_active) {
            self.review_in(0);
        }
    }

    /// A poll was answered. The next one follows after `interval` milliseconds, if the server asked for an interval.
    fn on_poll_worked(&mut self, index: usize, poll: &Poll, interval: Option<f64>) {
        self.is_offline = false;
        if self.fallback.route() != Route::Stream {
            self.backoff.reset();
        }
        self.fallback.on_poll_worked();
        let jobs = u64::try_from(self.jobs.iter().filter(|job| job.is_active()).count()).unwrap_or(u64::MAX);
        // A long poll waits at the server; after any other poll the client waits.
        let wait = if self.polls_wait() { 0 } else { interval.map_or(POLL_MS, |millis| millis as u64) };
        let wait = wait.min(MAX_POLL_MS).max(jobs.saturating_mul(PACE_MS));
        let not_before = poll.exchange.sent_at.saturating_add(MIN_POLL_MS);
        if let Some(job) = self.jobs.get_mut(index) {
            job.poll_at = self.tick.after(wait).max(not_before);
        }
    }

    pub(super) fn on_poll_failed(&mut self, request: RequestId) {
        let Some(index) = self.jobs.iter().position(|job| job.is_polled_by(request)) else { return };
        let Some(poll) = self.jobs.get_mut(index).and_then(|job| job.poll.take()) else { return };
        if poll.exchange.has_head() || self.tick.since(poll.exchange.sent_at) >= HEALTHY_MS {
            return self.on_poll_cut(index);
        }
        let was_route = self.fallback.route() != Route::Stream;
        self.fallback.on_poll_failed();
        self.retry_poll(index, was_route);
    }

    /// A poll was cut before it was answered, although the server may be reachable.
    fn on_poll_cut(&mut self, index: usize) {
        let was_route = self.fallback.route() != Route::Stream;
        let at_once = self.fallback.on_poll_cut();
        self.retry_poll(index, was_route && !at_once);
    }

    fn retry_poll(&mut self, index: usize, backs_off: bool) {
        if backs_off {
            self.back_off(0);
        }
        if let Some(job) = self.jobs.get_mut(index)
            && let Phase::BackingOff(_) = job.phase
        {
            job.back_off(0, self.tick);
        }
    }

    /// When the first of the open polls must have been answered.
    pub(super) fn next_poll_timeout(&self) -> Option<u64> {
        self.jobs.iter().filter_map(|job| job.poll.as_ref()).map(poll_timeout).min()
    }

    /// Aborts the polls that have taken too long.
    pub(super) fn run_poll_timeouts(&mut self) {
        let now = self.tick.now;
        for index in 0..self.jobs.len() {
            let Some(job) = self.jobs.get_mut(index) else { return };
            if let Some(poll) = job.poll.take_if(|poll| poll_timeout(poll) <= now) {
                self.actions.push(Action::Abort(poll.exchange.id));
                self.on_poll_cut(index);
            }
        }
    }

    pub(super) fn drop_polls(&mut self) {
        let polls = self.jobs.iter_mut().filter_map(|job| job.poll.take());
        self.actions.extend(polls.map(|poll| Action::Abort(poll.exchange.id)));
    }

    /// Aborts the polls if they were the route: a stream works again.
    pub(super) fn drop_fallback_polls(&mut self) {
        if self.fallback.route() != Route::Stream {
            self.drop_polls();
        }
    }

    fn polled_by(&mut self, request: RequestId) -> Option<&mut JobState<J>> {
        self.jobs.iter_mut().find(|job| job.is_polled_by(request))
    }
}

fn poll_timeout(poll: &Poll) -> u64 {
    let wait = if poll.waits { WAIT_SECONDS.saturating_mul(1000) } else { 0 };
    answer_timeout(&poll.exchange, wait)
}
