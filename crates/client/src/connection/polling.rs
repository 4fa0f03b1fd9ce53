//! Polling: how a connection asks for one job at a time, where streams are cut or somebody wants to know at once.

use super::{
    Action, Connection, HEALTHY_MS, Request, ResponseHead,
    due::answer_due,
    exchange::{Exchange, Poll},
    seat::{Seat, Standing},
};
use crate::{
    fallback::Route,
    json::Json,
    problem::{Problem, Verdict},
    reading::Head,
    server::WAIT_SECONDS,
};

/// Milliseconds between two polls that the server has no wish about; it allows 100 a minute and job.
const POLL_MS: f64 = 2_000.0;
/// Milliseconds between two polls of a job at least and at most, whatever the server wishes.
const POLL_RANGE_MS: (f64, f64) = (1_000.0, 60_000.0);
/// Milliseconds that each job adds between two polls of a job: ten polls a second for all of them together.
const PACE_MS: u64 = 100;
/// Polls that are out at a time; browsers open six connections to a server of the older kind.
const AT_ONCE: usize = 4;
/// Jobs that may be waited for at a time, as each keeps one of those connections.
const WAITING_AT_ONCE: usize = 2;

impl<J: Json> Connection<J> {
    /// Whether polls are to wait at the server: only once one was answered, as only then there is a state to name.
    fn may_wait(&self) -> bool {
        self.fallback.route() == Route::LongPoll
            && self.fallback.is_polling()
            && self.seats.iter().filter(|seat| seat.is_here()).count() <= WAITING_AT_ONCE
    }

    /// When the next poll is due, if nothing happens.
    pub(super) fn next_poll(&self) -> Option<u64> {
        if self.seats.iter().filter(|seat| seat.poll.is_some()).count() >= AT_ONCE {
            return None;
        }
        let idle = self.seats.iter().filter(|seat| seat.is_here() && seat.poll.is_none());
        Some(self.after_rest(idle.map(|seat| seat.poll_at).min()?))
    }

    /// Sends the polls that are due.
    pub(super) fn poll_due(&mut self) {
        while self.next_poll().is_some_and(|at| at <= self.moment.now) {
            let idle = self.seats.iter().filter(|seat| seat.is_here() && seat.poll.is_none());
            let Some(key) = idle.min_by_key(|seat| seat.poll_at).map(|seat| seat.key) else { return };
            self.ask(key, self.may_wait());
        }
    }

    /// Asks how a job stands; `waits` says whether the server is to wait for a change.
    pub(super) fn ask(&mut self, key: u32, waits: bool) {
        let id = self.next_request();
        let Some(seat) = self.seats.iter_mut().find(|seat| seat.key == key) else { return };
        match &seat.poll {
            Some(poll) if !poll.waits => return,
            Some(poll) => self.actions.push(Action::Abort(poll.exchange.id)),
            None => {}
        }
        let cursor = seat.newest.as_ref().map(|newest| &newest.cursor);
        let waits = waits && cursor.is_some();
        let url = match cursor {
            Some(cursor) if waits => self.server.next(&seat.job, cursor),
            cursor => self.server.status(&seat.job, cursor),
        };
        seat.poll = Some(Poll { exchange: Exchange::new(id, self.moment.now), waits });
        self.actions.push(Action::Open(Request { id, url, token: seat.job.token.clone(), body: None }));
    }

    pub(super) fn poll_head(&mut self, request: u32, head: ResponseHead) {
        let Some(poll) = self.polled_by(request).and_then(|seat| seat.poll.as_mut()) else { return };
        let is_unchanged = head.status == 304;
        poll.exchange.begin(head);
        if is_unchanged {
            self.actions.push(Action::Abort(request));
            self.poll_closed(request);
        }
    }

    pub(super) fn poll_bytes(&mut self, request: u32, bytes: &[u8]) {
        let Some(poll) = self.polled_by(request).and_then(|seat| seat.poll.as_mut()) else { return };
        poll.exchange.keep(bytes);
    }

    pub(super) fn poll_closed(&mut self, request: u32) {
        let moment = self.moment;
        let Some(index) = self.seats.iter().position(|seat| seat.is_asked(request)) else { return };
        let Some(seat) = self.seats.get_mut(index) else { return };
        let Some(poll) = seat.poll.take() else { return };
        let was_here = seat.is_here();
        let body = || J::parse(&poll.exchange.body());
        match poll.exchange.status() {
            304 => {
                seat.is_unchanged();
                self.poll_worked(index, &poll, None);
            }
            200 => match body().and_then(|body| Some((Head::read(&body)?, body))) {
                Some((head, document)) => {
                    let wish = document.number("pollAfterMs");
                    seat.answered(head, document, &mut self.actions);
                    self.poll_worked(index, &poll, wish);
                }
                None => seat.refused(Verdict::Later, Problem::unexpected(200, false), 0, moment, &mut self.actions),
            },
            // A gateway that gives up on a request that waits.
            502 | 504 if poll.waits => self.poll_was_cut(index),
            status => {
                let problem = body().and_then(|body| Problem::of(body, false));
                let problem = problem.unwrap_or_else(|| Problem::unexpected(status, false));
                let peace = poll.exchange.peace();
                match Verdict::of_status(status) {
                    // Nobody is sent away because a question beside its stream, or after its end, has to wait.
                    Verdict::Later if seat.is_live || seat.standing == Standing::Over => {
                        seat.tell(problem, &mut self.actions);
                    }
                    verdict => seat.refused(verdict, problem, peace, moment, &mut self.actions),
                }
                self.fallback.poll_failed();
            }
        }
        if !was_here && self.seats.get(index).is_some_and(Seat::is_here) {
            self.review(0);
        }
    }

    /// A poll was answered: the next one follows after a while.
    fn poll_worked(&mut self, index: usize, poll: &Poll, wish: Option<f64>) {
        self.is_offline = false;
        if self.fallback.route() != Route::Stream {
            self.backoff.reset();
        }
        self.fallback.poll_worked();
        let jobs = u64::try_from(self.seats.iter().filter(|seat| seat.is_here()).count()).unwrap_or(u64::MAX);
        // A request that waits has done so at the server; one that was answered at once is held back here.
        let wait = if self.may_wait() { 0.0 } else { wish.unwrap_or(POLL_MS) };
        let wait = (wait.clamp(0.0, POLL_RANGE_MS.1) as u64).max(jobs.saturating_mul(PACE_MS));
        let earliest = poll.exchange.since.saturating_add(POLL_RANGE_MS.0 as u64);
        if let Some(seat) = self.seats.get_mut(index) {
            seat.poll_at = self.moment.in_ms(wait).max(earliest);
        }
    }

    pub(super) fn poll_failed(&mut self, request: u32) {
        let moment = self.moment;
        let Some(index) = self.seats.iter().position(|seat| seat.is_asked(request)) else { return };
        let Some(poll) = self.seats.get_mut(index).and_then(|seat| seat.poll.take()) else { return };
        if poll.exchange.has_begun() || moment.since(poll.exchange.since) >= HEALTHY_MS {
            return self.poll_was_cut(index);
        }
        let was_way = self.fallback.route() != Route::Stream;
        self.fallback.poll_failed();
        self.poll_is_missed(index, was_way);
    }

    /// Nothing came of a poll, though the server may be there.
    fn poll_was_cut(&mut self, index: usize) {
        let was_way = self.fallback.route() != Route::Stream;
        let at_once = self.fallback.poll_was_cut();
        self.poll_is_missed(index, was_way && !at_once);
    }

    fn poll_is_missed(&mut self, index: usize, was_way: bool) {
        if was_way {
            self.retry(0);
        }
        if let Some(seat) = self.seats.get_mut(index)
            && let Standing::Away(_) = seat.standing
        {
            seat.leave_for(0, self.moment);
        }
    }

    /// When the first of the polls that are out must have been answered.
    pub(super) fn polls_due(&self) -> Option<u64> {
        self.seats.iter().filter_map(|seat| seat.poll.as_ref()).map(poll_ends).min()
    }

    /// Ends the polls that take too long.
    pub(super) fn give_up_polls(&mut self) {
        let now = self.moment.now;
        for index in 0..self.seats.len() {
            let Some(seat) = self.seats.get_mut(index) else { return };
            if let Some(poll) = seat.poll.take_if(|poll| poll_ends(poll) <= now) {
                self.actions.push(Action::Abort(poll.exchange.id));
                self.poll_was_cut(index);
            }
        }
    }

    pub(super) fn drop_polls(&mut self) {
        let polls = self.seats.iter_mut().filter_map(|seat| seat.poll.take());
        self.actions.extend(polls.map(|poll| Action::Abort(poll.exchange.id)));
    }

    /// A stream works again, where polls were the way.
    pub(super) fn drop_fallback_polls(&mut self) {
        if self.fallback.route() != Route::Stream {
            self.drop_polls();
        }
    }

    fn polled_by(&mut self, request: u32) -> Option<&mut Seat<J>> {
        self.seats.iter_mut().find(|seat| seat.is_asked(request))
    }
}

fn poll_ends(poll: &Poll) -> u64 {
    let wait = if poll.waits { WAIT_SECONDS.saturating_mul(1000) } else { 0 };
    answer_due(&poll.exchange, wait)
}
