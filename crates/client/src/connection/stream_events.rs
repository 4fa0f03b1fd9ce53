//! How a connection handles the events of its streams.

use protocol::sse::Item;

use super::{Action, Connection, HEALTHY_MS, JobKey, RequestId, ResponseHead, Stream, job_state::JobState};
use crate::{json::Json, parsed_frame::ParsedFrame, problem::Problem, retry_class::RetryClass};

impl<J: Json> Connection<J> {
    pub(super) fn on_head(&mut self, request: RequestId, head: ResponseHead) {
        self.quick_tries = 0;
        self.unanswered_since = None;
        // `Date` has whole seconds: on average half a second has passed since.
        self.actions.extend(head.date.map(|date| Action::ServerTime(date.saturating_add(500))));
        if self.is_opening(request) {
            if head.status == 200 && !head.is_stream {
                self.drop_opening();
                self.emit_shared_problem(|| Problem::unexpected(200, false));
                return self.retry_stream(0);
            }
            if let Some(opening) = &mut self.opening {
                opening.exchange.on_head(head);
            }
        } else {
            self.on_poll_head(request, head);
        }
    }

    pub(super) fn on_bytes(&mut self, request: RequestId, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Some(opening) = self.opening.as_mut().filter(|opening| opening.exchange.id == request) {
            self.is_offline = false;
            if !opening.exchange.is_stream() {
                return opening.exchange.on_bytes(bytes);
            }
            self.replace_live();
        }
        if self.live.as_ref().is_some_and(|live| live.exchange.id == request) {
            self.on_live_bytes(bytes);
        } else {
            self.on_poll_bytes(request, bytes);
        }
    }

    /// The opening stream has brought its first byte and becomes the live one.
    fn replace_live(&mut self) {
        let Some(mut opening) = self.opening.take() else { return };
        self.drop_live();
        self.drop_fallback_polls();
        self.fallback.on_stream_worked();
        for job in &mut self.jobs {
            job.is_live = std::mem::take(&mut job.is_opening) && job.is_active();
        }
        opening.first_byte_at = self.tick.now;
        self.live = Some(opening);
        // Some jobs may have joined since it was requested.
        if self.jobs.iter().any(JobState::lacks_stream) {
            self.review_in(0);
        }
    }

    fn on_live_bytes(&mut self, bytes: &[u8]) {
        let Some(mut live) = self.live.take() else { return };
        self.is_offline = false;
        live.last_byte_at = self.tick.now;
        if self.tick.since(live.first_byte_at) >= HEALTHY_MS {
            self.backoff.reset();
        }
        let result = live.decoder.feed(bytes, |item| self.on_item(item));
        self.live = Some(live);
        if result.is_err() {
            self.drop_live();
            self.on_stream_ended();
        }
    }

    fn on_item(&mut self, item: Item) {
        match item {
            Item::Comment => {}
            Item::Retry(millis) => self.backoff.on_retry(millis),
            Item::Frame(frame) => {
                let Some((id, frame)) = ParsedFrame::parse(&frame) else { return };
                if let Some(job) = self.jobs.iter_mut().find(|job| job.is_live && job.subscription.id.as_str() == id) {
                    job.on_frame(frame, self.tick, &mut self.actions);
                    // It was refused, and there is another token.
                    if job.lacks_stream() {
                        self.review_in(0);
                    }
                }
            }
        }
    }

    pub(super) fn on_closed(&mut self, request: RequestId) {
        if self.is_live(request) {
            self.on_live_lost();
        } else if self.is_opening(request) {
            let Some(opening) = self.take_opening() else { return };
            if opening.exchange.is_stream() {
                return self.on_stream_cut();
            }
            let exchange = &opening.exchange;
            self.on_stream_refused(exchange.status(), &exchange.body(), exchange.retry_after_ms());
        } else {
            self.on_poll_closed(request);
        }
    }

    pub(super) fn on_failed(&mut self, request: RequestId) {
        if self.is_live(request) {
            self.on_live_lost();
        } else if self.is_opening(request) {
            let Some(opening) = self.take_opening() else { return };
            // The response had begun, or the request took so long that a proxy must have held the response back.
            if opening.exchange.has_head() || self.tick.since(opening.exchange.sent_at) >= HEALTHY_MS {
                return self.on_stream_cut();
            }
            let was_probe = self.fallback.is_polling();
            self.fallback.on_stream_failed(self.tick.now);
            if !was_probe {
                self.retry_stream(0);
            }
        } else {
            self.on_poll_failed(request);
        }
    }

    fn on_live_lost(&mut self) {
        self.live = None;
        let is_needed = self.jobs.iter().any(|job| job.is_live && job.is_active());
        self.jobs.iter_mut().for_each(JobState::on_stream_lost);
        // If all its jobs have ended, the server closes the stream.
        if is_needed {
            self.on_stream_ended();
        }
    }

    fn take_opening(&mut self) -> Option<Stream> {
        self.jobs.iter_mut().for_each(|job| job.is_opening = false);
        self.opening.take()
    }

    /// A stream that had brought bytes has ended, which is routine.
    pub(super) fn on_stream_ended(&mut self) {
        if self.opening.is_none() {
            self.review_at = None;
            self.back_off(0);
        }
    }

    /// A stream was cut before it brought a byte, although the server may be reachable.
    pub(super) fn on_stream_cut(&mut self) {
        // If another stream is live, proxies let streams through.
        if self.live.is_some() || !self.fallback.on_stream_cut(self.tick.now) {
            self.retry_stream(0);
        }
    }

    /// Requests a stream that could not be opened again, after `min_delay_ms` milliseconds or more.
    fn retry_stream(&mut self, min_delay_ms: u64) {
        self.back_off(min_delay_ms);
        if self.live.is_some() {
            self.review_in(0);
        }
    }

    fn on_stream_refused(&mut self, status: u16, body: &str, retry_after_ms: u64) {
        let problem = || J::parse(body).and_then(|body| Problem::from_body(body, false));
        let code = problem().map(|problem| problem.code).unwrap_or_default();
        let class = RetryClass::from_response(status, &code);
        if class == RetryClass::Later {
            self.emit_shared_problem(|| problem().unwrap_or_else(|| Problem::unexpected(status, false)));
            self.fallback.on_stream_failed(self.tick.now);
            return self.retry_stream(retry_after_ms);
        }
        // No job was accepted, and each may have a reason of its own.
        let active = || self.jobs.iter().filter(|job| job.is_active());
        if active().count() == 1
            && let Some(problem) = problem()
        {
            self.fallback.on_stream_failed(self.tick.now);
            if let Some(job) = self.jobs.iter_mut().find(|job| job.is_active()) {
                job.on_refused(class, problem, retry_after_ms, self.tick, &mut self.actions);
            }
            return;
        }
        let keys: Vec<JobKey> = active().map(|job| job.key).collect();
        keys.into_iter().for_each(|key| self.open_poll(key, false));
        self.on_stream_cut();
    }

    /// Emits a problem of the whole stream for each job that has no other stream.
    fn emit_shared_problem(&mut self, problem: impl Fn() -> Problem<J>) {
        for job in self.jobs.iter_mut().filter(|job| job.lacks_stream()) {
            job.emit_problem(problem(), &mut self.actions);
        }
    }

    fn is_live(&self, request: RequestId) -> bool {
        self.live.as_ref().is_some_and(|live| live.exchange.id == request)
    }

    fn is_opening(&self, request: RequestId) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.exchange.id == request)
    }
}
