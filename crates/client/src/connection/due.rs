//! What is due: what a connection does when its time has come, and when that is.

use super::{
    Action, Connection,
    exchange::{Exchange, Stream},
    seat::{Seat, Standing},
};
use crate::{fallback::Route, json::Json};

/// Milliseconds that an open stream may be silent; the server sends a sign of life every 15 s.
pub const SILENCE_MS: u64 = 45_000;
/// Milliseconds for the first byte of an answer that is due at once.
pub const ANSWER_MS: u64 = 10_000;
/// Milliseconds a page may take to get a new token.
const RENEWAL_MS: u64 = 30_000;

impl<J: Json> Connection<J> {
    /// Does what is due.
    pub(super) fn settle(&mut self) {
        self.give_up_waiting();
        if self.rest.is_some_and(|rest| rest.until <= self.moment.now) {
            self.rest = None;
        }
        if !self.seats.iter().any(Seat::is_here) {
            return self.drop_streams();
        }
        let is_due = |at: Option<u64>| at.is_some_and(|at| at <= self.moment.now);
        if self.fallback.route() != Route::Stream {
            if is_due(self.next_probe()) {
                self.open();
            }
            self.poll_due();
        } else if is_due(self.next_stream()) {
            self.review_at = None;
            if self.live.as_ref().is_none_or(|live| live.has_strays) || self.seats.iter().any(Seat::lacks_stream) {
                self.open();
            }
        }
    }

    /// Ends what takes too long.
    fn give_up_waiting(&mut self) {
        let now = self.moment.now;
        if self.live.as_ref().is_some_and(|live| silence_ends(live) <= now) {
            self.drop_live();
            self.stream_ended();
        }
        if self.opening.as_ref().is_some_and(|opening| answer_due(&opening.exchange, 0) <= now) {
            self.drop_opening();
            self.stream_was_cut();
        }
        self.give_up_polls();
        for index in 0..self.seats.len() {
            let Some(seat) = self.seats.get_mut(index) else { continue };
            match seat.standing {
                Standing::Away(rest) if rest.until <= now && seat.lacks_token() => {
                    seat.renew(self.moment, &mut self.actions);
                }
                // A stream of many jobs is not opened anew to learn that one of them is still not to be had.
                Standing::Away(rest) if rest.until <= now && self.live.is_some() => {
                    let key = seat.key;
                    self.ask(key, false);
                }
                Standing::Away(rest) if rest.until <= now => seat.standing = Standing::Here,
                Standing::Renewing { since } if since.saturating_add(RENEWAL_MS) <= now => {
                    seat.was_not_renewed(self.moment, &mut self.actions);
                }
                _ => {}
            }
        }
    }

    /// When a stream is to be opened, if nothing happens.
    fn next_stream(&self) -> Option<u64> {
        let wanted = if self.live.is_some() { self.review_at } else { Some(self.review_at.unwrap_or(0)) };
        Some(self.after_rest(wanted.filter(|_| self.opening.is_none())?))
    }

    /// When a stream is to be tried though polls are the way.
    fn next_probe(&self) -> Option<u64> {
        Some(self.after_rest(self.fallback.probe_at().filter(|_| self.opening.is_none())?))
    }

    pub(super) fn after_rest(&self, at: u64) -> u64 {
        self.rest.map_or(at, |rest| rest.until.max(at))
    }

    /// When something must have happened.
    fn deadline(&self) -> Option<u64> {
        let away = self.seats.iter().filter_map(|seat| match seat.standing {
            Standing::Away(rest) => Some(rest.until).filter(|_| seat.poll.is_none()),
            Standing::Renewing { since } => Some(since.saturating_add(RENEWAL_MS)),
            Standing::Here | Standing::Over => None,
        });
        let is_idle = !self.seats.iter().any(Seat::is_here);
        let next = match self.fallback.route() {
            _ if is_idle => [None, None],
            Route::Stream => [self.next_stream(), None],
            Route::LongPoll | Route::Poll => [self.next_probe(), self.next_poll()],
        };
        let live = self.live.as_ref().map(silence_ends);
        let opening = self.opening.as_ref().map(|opening| answer_due(&opening.exchange, 0));
        [live, opening, self.polls_due()].into_iter().chain(next).flatten().chain(away).min()
    }

    /// Asks for a timer unless one is set that comes in time; one that comes early is set again.
    pub(super) fn arm(&mut self) {
        if let Some(deadline) = self.deadline()
            && self.armed.is_none_or(|armed| armed > deadline)
        {
            self.armed = Some(deadline);
            self.actions.push(Action::Timer(deadline.saturating_sub(self.moment.now)));
        }
    }
}

fn silence_ends(stream: &Stream) -> u64 {
    stream.heard.saturating_add(SILENCE_MS)
}

pub(super) fn answer_due(exchange: &Exchange, wait: u64) -> u64 {
    exchange.since.saturating_add(wait).saturating_add(ANSWER_MS)
}
