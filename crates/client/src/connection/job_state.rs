//! One job of a connection: its phase, and what its reader has been notified of.

use super::{
    Action, JobKey, Renewal, RequestId,
    exchange::Poll,
    tick::{RetryDelay, Tick},
};
use crate::{
    backoff::Backoff,
    json::Json,
    link::Link,
    log::{Log, Page},
    parsed_frame::{DocumentHead, ParsedFrame},
    policy::{MISSING_DELAY_MS, MISSING_TRIES},
    problem::Problem,
    retry_class::RetryClass,
    subscription::Subscription,
};

/// What a connection does for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// It is on the stream, or on the next one, or polled.
    Active,
    /// It was refused and is tried again after the delay.
    BackingOff(RetryDelay),
    /// The page was asked for a new token.
    RenewingToken { since: u64 },
    /// It has ended or was refused for good; only a refresh continues it.
    Ended,
}

/// One job of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct JobState<J> {
    pub(super) key: JobKey,
    pub(super) subscription: Subscription,
    pub(super) phase: Phase,
    /// It is on the live stream; also after its end, because a retry would be shown there.
    pub(super) is_live: bool,
    /// It is on the opening stream.
    pub(super) is_opening: bool,
    pub(super) poll: Option<Poll>,
    /// When it is polled next, if polls are the route.
    pub(super) poll_at: u64,
    pub(super) newest: Option<DocumentHead>,
    log: Log<J>,
    backoff: Backoff,
    /// The page has replaced its token, and no request was sent with the new one.
    pub(super) has_unsent_token: bool,
    /// The reader wants to know its current document, even if it is not newer.
    is_refreshed: bool,
    /// Its token was renewed and no document has arrived since.
    has_renewed: bool,
    /// How often it was not found before its first document.
    missing: u32,
    /// The refusal that made a new token necessary, until there is one.
    refusal: Option<Problem<J>>,
    /// The code of the last problem, until a document arrives.
    emitted_problem: Option<String>,
    emitted_link: Option<Link>,
}

impl<J: Json> JobState<J> {
    pub(super) fn new(key: JobKey, subscription: Subscription) -> JobState<J> {
        JobState {
            key,
            subscription,
            phase: Phase::Active,
            is_live: false,
            is_opening: false,
            poll: None,
            poll_at: 0,
            newest: None,
            log: Log::default(),
            backoff: Backoff::default(),
            has_unsent_token: false,
            is_refreshed: false,
            has_renewed: false,
            missing: 0,
            refusal: None,
            emitted_problem: None,
            emitted_link: None,
        }
    }

    pub(super) fn is_active(&self) -> bool {
        self.phase == Phase::Active
    }

    /// Whether it is active but not on the live stream.
    pub(super) fn lacks_stream(&self) -> bool {
        self.is_active() && !self.is_live
    }

    /// Whether the server would refuse it until the page gives a new token.
    pub(super) fn lacks_token(&self) -> bool {
        self.subscription.token.is_none() || self.refusal.is_some()
    }

    /// Whether the page was asked for a token and has not answered.
    pub(super) fn is_renewing(&self) -> bool {
        matches!(self.phase, Phase::RenewingToken { .. })
    }

    /// Whether the request is an open poll of this job.
    pub(super) fn is_polled_by(&self, request: RequestId) -> bool {
        self.poll.as_ref().is_some_and(|poll| poll.exchange.id == request)
    }

    /// Handles a frame of the live stream.
    pub(super) fn on_frame(&mut self, frame: ParsedFrame<J>, tick: Tick, out: &mut Vec<Action<J>>) {
        match frame {
            ParsedFrame::Document(head, document) => self.on_document(head, document, out),
            ParsedFrame::Log(page) => self.log.on_page(page),
            // Only a document says that it continues, because it was retried or replaced.
            ParsedFrame::End | ParsedFrame::Problem(_) if self.phase == Phase::Ended => {}
            ParsedFrame::End if self.newest.as_ref().is_some_and(|newest| newest.is_terminal) => self.emit_end(out),
            // The document before the end was lost.
            ParsedFrame::End => self.back_off(0, tick),
            ParsedFrame::Problem(problem) => {
                self.on_refused(RetryClass::from_code(&problem.code), problem, 0, tick, out);
            }
        }
    }

    /// Handles the document that a poll returned.
    pub(super) fn on_poll_document(&mut self, head: DocumentHead, document: J, out: &mut Vec<Action<J>>) {
        self.log.drop_pending();
        if self.subscription.include.logs() {
            self.log.on_page(Page::from_document(&document));
        }
        self.on_document(head, document, out);
    }

    fn on_document(&mut self, head: DocumentHead, document: J, out: &mut Vec<Action<J>>) {
        self.has_renewed = false;
        self.missing = 0;
        self.emitted_problem = None;
        self.backoff.reset();
        let is_recreated = self.newest.as_ref().is_some_and(|newest| newest.cursor.epoch() != head.cursor.epoch());
        if is_recreated {
            out.push(Action::Recreated(self.key));
        }
        out.extend(self.log.on_document(is_recreated).into_iter().map(|lines| Action::Log(self.key, lines)));
        let is_last = head.is_last;
        let is_newer = self.newest.as_ref().is_none_or(|newest| newest.cursor.is_behind(&head.cursor));
        if is_newer {
            self.newest = Some(head);
            self.is_refreshed = false;
            out.push(Action::Document(self.key, document));
        }
        self.emit_unchanged(out);
        match self.phase {
            // A newer one is of another attempt, which has ended too.
            Phase::Ended if is_last && !is_newer => {}
            _ if is_last => self.emit_end(out),
            _ => self.reactivate(),
        }
    }

    /// Handles a poll that returned 304: the newest document is already here.
    pub(super) fn on_unchanged(&mut self, out: &mut Vec<Action<J>>) {
        self.emit_unchanged(out);
        if !self.newest.as_ref().is_some_and(|newest| newest.is_last) {
            self.reactivate();
        }
    }

    /// Answers a refresh that brought nothing newer.
    fn emit_unchanged(&mut self, out: &mut Vec<Action<J>>) {
        if std::mem::take(&mut self.is_refreshed) {
            out.push(Action::Unchanged(self.key));
        }
    }

    /// Whether it has ended and somebody can have retried it since.
    pub(super) fn may_be_retried(&self) -> bool {
        self.phase == Phase::Ended && self.newest.as_ref().is_some_and(|newest| newest.is_retriable)
    }

    /// Whether it has ended and the reader has not asked for it since.
    pub(super) fn is_at_rest(&self) -> bool {
        self.phase == Phase::Ended && !self.is_refreshed
    }

    /// Continues a job that can be read and has not ended, whatever its phase was.
    fn reactivate(&mut self) {
        if let Phase::Ended | Phase::BackingOff(_) = self.phase {
            self.phase = Phase::Active;
        }
    }

    /// Forgets earlier refusals if the job has ended, as the reader asks for it again.
    pub(super) fn on_refresh(&mut self) {
        self.is_refreshed = true;
        if self.phase == Phase::Ended {
            self.has_renewed = false;
            self.missing = 0;
            self.emitted_problem = None;
        }
    }

    /// Handles a token with which the page replaces the current one. The current one stays in use on the open stream, which
    /// ends for this job when it expires.
    pub(super) fn on_token(&mut self, token: String) {
        let is_awaited = self.is_renewing() || (self.lacks_token() && self.phase != Phase::Ended);
        self.set_token(token);
        self.has_unsent_token = true;
        if is_awaited {
            self.phase = Phase::Active;
        }
    }

    fn set_token(&mut self, token: String) {
        let Subscription { id, include, .. } = &self.subscription;
        self.subscription = Subscription::new(id.clone(), Some(token), *include);
        self.refusal = None;
    }

    /// Handles a refusal of this job. `retry_after_ms` is the `Retry-After` of the response, in milliseconds.
    pub(super) fn on_refused(
        &mut self,
        class: RetryClass,
        problem: Problem<J>,
        retry_after_ms: u64,
        tick: Tick,
        out: &mut Vec<Action<J>>,
    ) {
        self.is_live = false;
        match class {
            RetryClass::Renew if self.has_unsent_token => self.phase = Phase::Active,
            RetryClass::Renew if !self.has_renewed => {
                self.refusal = Some(problem);
                if !self.is_renewing() {
                    self.emit_renew_token(tick, out);
                }
            }
            RetryClass::Missing if self.newest.is_none() && self.missing < MISSING_TRIES => {
                self.missing = self.missing.saturating_add(1);
                self.emit_problem(problem, out);
                self.back_off(retry_after_ms.max(MISSING_DELAY_MS), tick);
            }
            RetryClass::Later => {
                self.emit_problem(problem, out);
                self.back_off(retry_after_ms, tick);
            }
            RetryClass::Renew | RetryClass::Missing | RetryClass::Stop => self.emit_fatal_problem(problem, out),
        }
    }

    /// Tries the job again after the back-off, at least `min_delay_ms` milliseconds from now.
    pub(super) fn back_off(&mut self, min_delay_ms: u64, tick: Tick) {
        self.is_live = false;
        let wait = self.backoff.next(tick.random, min_delay_ms);
        self.phase = Phase::BackingOff(RetryDelay::new(tick, wait, min_delay_ms));
    }

    /// Asks the page for a new token.
    pub(super) fn emit_renew_token(&mut self, tick: Tick, out: &mut Vec<Action<J>>) {
        self.phase = Phase::RenewingToken { since: tick.now };
        out.push(Action::RenewToken(self.key));
    }

    /// Handles the page's answer.
    pub(super) fn on_renewed(&mut self, renewal: Renewal, tick: Tick, out: &mut Vec<Action<J>>) {
        match renewal {
            Renewal::Token(token) => {
                self.set_token(token);
                self.has_renewed = true;
                self.phase = Phase::Active;
            }
            Renewal::Failed => self.on_renewal_failed(tick, out),
            Renewal::Impossible => match self.refusal.take() {
                Some(problem) => self.emit_fatal_problem(problem, out),
                // It never had a token. The server's refusal says that one is needed.
                None => self.phase = Phase::Active,
            },
        }
    }

    /// Handles a page that failed to get a new token or took too long. It is asked again after the back-off.
    pub(super) fn on_renewal_failed(&mut self, tick: Tick, out: &mut Vec<Action<J>>) {
        self.emit_problem(Problem::token_not_renewed(), out);
        self.back_off(0, tick);
    }

    /// Handles the loss of the live stream, and with it of an unfinished broadcast.
    pub(super) fn on_stream_lost(&mut self) {
        self.is_live = false;
        self.log.drop_pending();
    }

    fn emit_end(&mut self, out: &mut Vec<Action<J>>) {
        self.phase = Phase::Ended;
        self.emitted_link = None;
        out.push(Action::End(self.key));
    }

    fn emit_fatal_problem(&mut self, problem: Problem<J>, out: &mut Vec<Action<J>>) {
        self.phase = Phase::Ended;
        self.emitted_link = None;
        out.push(Action::Problem(self.key, Problem { fatal: true, ..problem }));
    }

    /// Emits a problem after which the client tries again, once until a document arrives.
    pub(super) fn emit_problem(&mut self, problem: Problem<J>, out: &mut Vec<Action<J>>) {
        if self.emitted_problem.as_ref() != Some(&problem.code) {
            self.emitted_problem = Some(problem.code.clone());
            out.push(Action::Problem(self.key, problem));
        }
    }

    /// Emits the link if it has changed.
    pub(super) fn emit_link(&mut self, link: Link, out: &mut Vec<Action<J>>) {
        if self.emitted_link.replace(link) != Some(link) {
            out.push(Action::Link(self.key, link));
        }
    }
}
