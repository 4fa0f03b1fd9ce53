//! Hearing: what a connection makes of the streams it gets.

use protocol::sse::Item;

use super::{Action, Connection, HEALTHY_MS, ResponseHead, seat::Seat};
use crate::{
    json::Json,
    problem::{Problem, Verdict},
    reading::Reading,
};

/// Milliseconds by which clocks must differ to be worth a word; `Date` counts whole seconds.
const SKEW_MS: i64 = 1_000;

impl<J: Json> Connection<J> {
    pub(super) fn head(&mut self, request: u32, head: ResponseHead) {
        self.correct_clock(head.date);
        if self.is_opening(request) {
            if head.status == 200 && !head.is_stream {
                self.drop_opening();
                self.tell_all(|| Problem::unexpected(200, false));
                return self.stream_is_missed(0);
            }
            if let Some(opening) = &mut self.opening {
                opening.exchange.begin(head);
            }
        } else {
            self.poll_head(request, head);
        }
    }

    fn correct_clock(&mut self, date: Option<u64>) {
        if let Some(skew) = date.and_then(|date| date.saturating_add(500).checked_signed_diff(self.wall))
            && skew.saturating_sub(self.told_skew).abs() > SKEW_MS
        {
            self.told_skew = skew;
            self.actions.push(Action::Skew(skew));
        }
    }

    pub(super) fn bytes(&mut self, request: u32, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Some(opening) = self.opening.as_mut().filter(|opening| opening.exchange.id == request) {
            self.is_offline = false;
            if !opening.exchange.is_stream() {
                return opening.exchange.keep(bytes);
            }
            self.take_over();
        }
        if self.live.as_ref().is_some_and(|live| live.exchange.id == request) {
            self.feed(bytes);
        } else {
            self.poll_bytes(request, bytes);
        }
    }

    /// The stream that was being opened has brought a byte and is the one from now on.
    fn take_over(&mut self) {
        let Some(mut opening) = self.opening.take() else { return };
        self.drop_live();
        self.drop_fallback_polls();
        self.fallback.stream_worked();
        for seat in &mut self.seats {
            seat.is_live = std::mem::take(&mut seat.is_opening) && seat.is_here();
        }
        opening.begun = self.moment.now;
        self.live = Some(opening);
        // Some may have come while it was on its way.
        if self.seats.iter().any(Seat::lacks_stream) {
            self.review(0);
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let Some(mut live) = self.live.take() else { return };
        self.is_offline = false;
        live.heard = self.moment.now;
        if self.moment.since(live.begun) >= HEALTHY_MS {
            self.backoff.reset();
        }
        let result = live.decoder.feed(bytes, |item| self.on_item(item));
        self.live = Some(live);
        if result.is_err() {
            self.drop_live();
            self.stream_ended();
        }
    }

    fn on_item(&mut self, item: Item) {
        match item {
            Item::Comment => {}
            Item::Retry(millis) => self.backoff.ask(millis),
            Item::Frame(frame) => {
                let Some((job, reading)) = Reading::of(&frame) else { return };
                if let Some(seat) = self.seats.iter_mut().find(|seat| seat.is_live && seat.job.id.as_str() == job) {
                    seat.hear(reading, self.moment, &mut self.actions);
                }
            }
        }
    }

    pub(super) fn closed(&mut self, request: u32) {
        if self.is_live(request) {
            self.lose_live();
        } else if self.is_opening(request) {
            let Some(opening) = self.lose_opening() else { return };
            if opening.exchange.is_stream() {
                return self.stream_was_cut();
            }
            self.stream_refused(opening.exchange.status(), &opening.exchange.body(), opening.exchange.peace());
        } else {
            self.poll_closed(request);
        }
    }

    pub(super) fn failed(&mut self, request: u32) {
        if self.is_live(request) {
            self.lose_live();
        } else if self.is_opening(request) {
            let Some(opening) = self.lose_opening() else { return };
            // It was there, or on its way for so long that something on the way must have held it.
            if opening.exchange.has_begun() || self.moment.since(opening.exchange.since) >= HEALTHY_MS {
                return self.stream_was_cut();
            }
            let was_probe = self.fallback.is_polling();
            self.fallback.stream_failed(self.moment.now);
            if !was_probe {
                self.stream_is_missed(0);
            }
        } else {
            self.poll_failed(request);
        }
    }

    fn lose_live(&mut self) {
        self.live = None;
        let is_missed = self.seats.iter().any(|seat| seat.is_live);
        self.seats.iter_mut().for_each(Seat::was_left);
        // When all it told of has ended, so does it.
        if is_missed {
            self.stream_ended();
        }
    }

    fn lose_opening(&mut self) -> Option<super::Stream> {
        self.seats.iter_mut().for_each(|seat| seat.is_opening = false);
        self.opening.take()
    }

    /// A stream that had begun is over; that is routine.
    pub(super) fn stream_ended(&mut self) {
        if self.opening.is_none() {
            self.review_at = None;
            self.retry(0);
        }
    }

    /// Nothing came of a stream, though the server may be there.
    pub(super) fn stream_was_cut(&mut self) {
        // Where another one is heard, streams get through.
        if self.live.is_some() || !self.fallback.stream_was_cut(self.moment.now) {
            self.stream_is_missed(0);
        }
    }

    /// A stream was not to be had and will be asked for again.
    fn stream_is_missed(&mut self, peace: u64) {
        self.retry(peace);
        if self.live.is_some() {
            self.review(0);
        }
    }

    fn stream_refused(&mut self, status: u16, body: &str, peace: u64) {
        let verdict = Verdict::of_status(status);
        let problem = || J::parse(body).and_then(|body| Problem::of(body, false));
        if verdict == Verdict::Later {
            self.tell_all(|| problem().unwrap_or_else(|| Problem::unexpected(status, false)));
            self.fallback.stream_failed(self.moment.now);
            return self.stream_is_missed(peace);
        }
        // No job was let in, for a reason that each may have of its own.
        let here = || self.seats.iter().filter(|seat| seat.is_here());
        if here().count() == 1
            && let Some(problem) = problem()
        {
            self.fallback.stream_failed(self.moment.now);
            if let Some(seat) = self.seats.iter_mut().find(|seat| seat.is_here()) {
                seat.refused(verdict, problem, peace, self.moment, &mut self.actions);
            }
            return;
        }
        let keys: Vec<u32> = here().map(|seat| seat.key).collect();
        keys.into_iter().for_each(|key| self.ask(key, false));
        self.stream_was_cut();
    }

    /// Tells a problem that is none of one job's alone.
    fn tell_all(&mut self, problem: impl Fn() -> Problem<J>) {
        for seat in self.seats.iter_mut().filter(|seat| seat.is_here() && !seat.is_live) {
            seat.tell(problem(), &mut self.actions);
        }
    }

    fn is_live(&self, request: u32) -> bool {
        self.live.as_ref().is_some_and(|live| live.exchange.id == request)
    }

    fn is_opening(&self, request: u32) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.exchange.id == request)
    }
}
