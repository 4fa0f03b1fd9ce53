//! Hearing: what a connection makes of the answers it gets.

use protocol::{limits::DOCUMENT_BYTES, sse::Signal};

use super::{Action, Connection, HEALTHY_MS, Phase, ResponseHead};
use crate::{
    fallback::Route,
    json::Json,
    problem::{Problem, Verdict},
    reading::{Head, Reading},
};

/// Bytes of an answer that is no stream: the largest document, its included parts and then some.
const BODY_BYTES: usize = 16 * DOCUMENT_BYTES;
/// Milliseconds between two polls that the server has no wish about; it allows 100 a minute.
const POLL_MS: f64 = 2_000.0;
/// Milliseconds between two polls at least and at most, whatever the server wishes.
const POLL_RANGE_MS: (f64, f64) = (1_000.0, 60_000.0);
/// Milliseconds at least until a job that was not there is looked for again.
const MISSING_MS: u64 = 5_000;
/// How often a job is looked for that was never there: some six minutes, as its first report may be on its way.
const MISSING_TRIES: u32 = 20;
/// Milliseconds by which clocks must differ to be worth a word; `Date` counts whole seconds.
const SKEW_MS: i64 = 1_000;

impl<J: Json> Connection<J> {
    pub(super) fn head(&mut self, head: ResponseHead) {
        if let Some(skew) = head.date.and_then(|date| date.saturating_add(500).checked_signed_diff(self.wall))
            && skew.saturating_sub(self.told_skew).abs() > SKEW_MS
        {
            self.told_skew = skew;
            self.actions.push(Action::Skew(skew));
        }
        let is_stream = self.fallback.route() == Route::Stream;
        match head.status {
            204 if self.newest.as_ref().is_some_and(|newest| newest.is_terminal) => return self.finish(),
            204 => {
                self.abort();
                self.forget = true;
                self.retry(0);
            }
            200 if is_stream && !head.is_stream => {
                self.abort();
                self.tell(Problem::unexpected(200, false));
                self.retry(0);
            }
            304 => {
                self.abort();
                self.polled(None);
            }
            _ => {}
        }
        self.response = Some(head);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.heard = self.now;
        self.offline = false;
        if !self.is_stream_open() {
            if self.body.len().saturating_add(bytes.len()) > BODY_BYTES {
                self.abort();
                self.tell(Problem::unexpected(self.status(), false));
                return self.retry(0);
            }
            return self.body.extend_from_slice(bytes);
        }
        if let Phase::Opening { .. } = self.phase {
            self.phase = Phase::Streaming { since: self.now };
            self.fallback.worked();
        }
        let mut decoder = std::mem::take(&mut self.decoder);
        let result = decoder.feed(bytes, |signal| self.signal(signal));
        if !matches!(self.phase, Phase::Streaming { .. }) {
            return;
        }
        self.decoder = decoder;
        if result.is_err() {
            self.abort();
            self.stream_ended();
        }
    }

    pub(super) fn closed(&mut self) {
        match (self.phase, self.status()) {
            (Phase::Streaming { .. }, _) => self.stream_ended(),
            _ if self.is_stream_open() => self.was_cut(),
            (_, 200) => match J::parse(&self.take_body()).and_then(|body| Some((Head::read(&body)?, body))) {
                Some((head, document)) => {
                    let wish = document.number("pollAfterMs");
                    self.document(head, document);
                    if self.phase != Phase::Over {
                        self.polled(wish);
                    }
                }
                None => {
                    self.tell(Problem::unexpected(200, false));
                    self.retry(0);
                }
            },
            // A gateway that gives up on a request that waits.
            (_, 502 | 504) if self.is_long_poll() => self.was_cut(),
            (_, status) => {
                let problem =
                    Problem::read(&self.take_body(), false).unwrap_or_else(|| Problem::unexpected(status, false));
                self.fallback.failed(self.now);
                self.refused(Verdict::of_status(status), problem);
            }
        }
    }

    pub(super) fn failed(&mut self) {
        match self.phase {
            Phase::Streaming { .. } => self.stream_ended(),
            // It was there, or on its way for so long that something on the way must have held it.
            Phase::Opening { since } if self.response.is_some() || self.now.saturating_sub(since) >= HEALTHY_MS => {
                self.was_cut();
            }
            _ if self.fallback.failed(self.now) => self.open(),
            _ => self.retry(0),
        }
    }

    /// Nothing came of a request, though the server may be there.
    pub(super) fn was_cut(&mut self) {
        if self.fallback.was_cut(self.now) { self.open() } else { self.retry(0) }
    }

    /// A stream that had begun is over; that is routine.
    pub(super) fn stream_ended(&mut self) {
        if let Phase::Streaming { since } = self.phase
            && self.heard.saturating_sub(since) >= HEALTHY_MS
        {
            self.backoff.reset();
        }
        self.retry(0);
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            _ if !matches!(self.phase, Phase::Streaming { .. }) => {}
            Signal::Comment => {}
            Signal::Retry(millis) => self.backoff.ask(millis),
            Signal::Frame(frame) => match Reading::of(&frame) {
                Reading::Document(head, document) => self.document(head, document),
                Reading::End if self.newest.as_ref().is_some_and(|newest| newest.is_terminal) => self.finish(),
                // The document before the end has got lost.
                Reading::End => {
                    self.abort();
                    self.retry(0);
                }
                Reading::Problem(problem) => {
                    self.abort();
                    self.refused(Verdict::of_code(&problem.code), problem);
                }
                Reading::Unknown => {}
            },
        }
    }

    fn document(&mut self, head: Head, document: J) {
        self.renewed = false;
        self.missing = 0;
        self.told_problem = None;
        let is_last = head.is_last;
        if self.newest.as_ref().is_none_or(|newest| newest.cursor.is_behind(&head.cursor)) {
            self.newest = Some(head);
            self.actions.push(Action::Document(document));
            if is_last {
                self.finish();
            }
        }
    }

    /// A poll was answered: the next one follows after a while.
    fn polled(&mut self, wish: Option<f64>) {
        self.offline = false;
        self.backoff.reset();
        self.fallback.worked();
        // A request that waits has done so at the server; one that was answered at once is held back here.
        let wait = if self.is_long_poll() { 0.0 } else { wish.unwrap_or(POLL_MS) };
        let began = if let Phase::Opening { since } = self.phase { since } else { self.now };
        let next = self.now.saturating_add(wait.clamp(0.0, POLL_RANGE_MS.1) as u64);
        let until = next.max(began.saturating_add(POLL_RANGE_MS.0 as u64));
        self.phase = Phase::Waiting { until, earliest: until };
    }

    fn refused(&mut self, verdict: Verdict, problem: Problem<J>) {
        let floor = self.response.as_ref().and_then(|head| head.retry_after).unwrap_or(0).saturating_mul(1000);
        match verdict {
            Verdict::Renew if !self.renewed => {
                self.refusal = Some(problem);
                self.phase = Phase::Renewing { since: self.now };
                self.actions.push(Action::RenewToken);
            }
            Verdict::Missing if self.newest.is_none() && self.missing < MISSING_TRIES => {
                self.missing = self.missing.saturating_add(1);
                self.tell(problem);
                self.retry(floor.max(MISSING_MS));
            }
            Verdict::Later => {
                self.tell(problem);
                self.retry(floor);
            }
            Verdict::Renew | Verdict::Missing | Verdict::Stop => self.give_up(problem),
        }
    }

    /// Tells a problem that is being dealt with, once until something is heard again.
    fn tell(&mut self, problem: Problem<J>) {
        if self.told_problem.as_ref() != Some(&problem.code) {
            self.told_problem = Some(problem.code.clone());
            self.actions.push(Action::Problem(problem));
        }
    }

    fn status(&self) -> u16 {
        self.response.as_ref().map_or(0, |head| head.status)
    }

    fn is_stream_open(&self) -> bool {
        self.response.as_ref().is_some_and(|head| head.status == 200 && head.is_stream)
    }

    fn take_body(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.body)).into_owned()
    }
}
