//! The connection: a state machine that keeps a page informed of many jobs of one server, each until it ends.

mod action;
mod due;
mod exchange;
mod id;
mod input;
mod job_state;
mod polling;
mod stream_events;
#[cfg(test)]
mod tests;
mod tick;

pub use action::{Action, Request};
pub use due::{ANSWER_MS, QUICK_ANSWER_MS, QUICK_TRIES, SILENCE_MS};
use exchange::Stream;
pub use id::{JobKey, RequestId};
pub use input::{Input, Renewal, ResponseHead};
use job_state::{JobState, Phase};
use protocol::limits::JOBS;
use tick::{RetryDelay, Tick};

use crate::{
    backoff::{Backoff, FIRST_MS},
    endpoints::Endpoints,
    fallback::Fallback,
    json::Json,
    link::Link,
    policy::NO_RESPONSE_MS,
    problem::Problem,
    subscription::Subscription,
};

/// Milliseconds that a stream must last to count as healthy.
pub(crate) const HEALTHY_MS: u64 = 5_000;
/// Milliseconds of silence after which a page that becomes visible again replaces its stream.
const DOUBT_MS: u64 = 20_000;
/// Milliseconds in which jobs that join are gathered for one stream: those of one turn of the page's event loop.
const GATHER_MS: u64 = 1;
/// Minimum milliseconds between two streams that are opened because jobs join: four a second, of the five that the server
/// allows.
pub(crate) const MIN_REOPEN_INTERVAL_MS: u64 = 250;
/// Milliseconds that a stream may hold jobs that have left, before a stream without them replaces it.
pub(crate) const STALE_MS: u64 = 5_000;

/// Keeps a page informed of the jobs of one server, at most [`JOBS`] of them, on one stream.
///
/// A driver passes in each event with the time and a random number, and does the actions that are returned. Jobs join and
/// leave under keys that the driver chooses. When they do, a new stream replaces the current one as soon as its first byte
/// arrives, so that the jobs that stay are not interrupted. The end of a job is never lost: its last document is emitted
/// however often its stream was cut, and only that document or an `end` frame stops the connection from trying again.
///
/// ```
/// use client::{Action, Connection, Input, JobKey, Subscription};
/// use protocol::{id::JobId, include::Include};
///
/// let mut connection = Connection::<serde_json::Value>::new("https://status.example.com");
/// let job = Subscription::new(JobId::parse("import-42").unwrap(), Some("eyJ".to_owned()), Include::NONE);
/// connection.handle(Input::Join(JobKey(1), job), 1_700_000_000_000, 0.5);
/// let actions = connection.handle(Input::Timer, 1_700_000_000_001, 0.5);
/// let Action::Open(request) = &actions[0] else { panic!() };
/// assert_eq!(request.url, "https://status.example.com/v2/jobs/status/stream");
/// assert_eq!(request.body.as_deref(), Some(r#"{"jobs":[{"jobId":"import-42","token":"eyJ"}]}"#));
/// ```
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Connection<J> {
    endpoints: Endpoints,
    jobs: Vec<JobState<J>>,
    /// The stream that brings frames.
    live: Option<Stream>,
    /// The stream that has not brought a byte yet: the first one, or the one that will replace `live`.
    opening: Option<Stream>,
    /// No stream or poll is due before its end.
    retry_delay: Option<RetryDelay>,
    /// When to check whether the stream has the right jobs.
    review_at: Option<u64>,
    /// No stream is opened before this time because jobs join.
    reopen_not_before: u64,
    fallback: Fallback,
    backoff: Backoff,
    /// How many streams still get only [`QUICK_ANSWER_MS`], after a silent one.
    quick_tries: u8,
    /// Since when requests are sent to which no response came.
    unanswered_since: Option<u64>,
    last_request: RequestId,
    is_frozen: bool,
    is_offline: bool,
    /// The time of the timer that is set.
    timer_at: Option<u64>,
    /// The device's clock at the last input, from which the monotonic time of `tick` is advanced.
    wall: u64,
    tick: Tick,
    actions: Vec<Action<J>>,
}

impl<J: Json> Connection<J> {
    /// A connection to the server at `src`, without jobs yet.
    pub fn new(src: &str) -> Connection<J> {
        Connection {
            endpoints: Endpoints::new(src),
            jobs: Vec::new(),
            live: None,
            opening: None,
            retry_delay: None,
            review_at: None,
            reopen_not_before: 0,
            fallback: Fallback::default(),
            backoff: Backoff::default(),
            quick_tries: 0,
            unanswered_since: None,
            last_request: RequestId(0),
            is_frozen: false,
            is_offline: false,
            timer_at: None,
            wall: 0,
            tick: Tick::default(),
            actions: Vec::new(),
        }
    }

    /// Whether the job can join: there is capacity, and no subscription to the same job, whose frames could not be
    /// distinguished.
    pub fn can_join(&self, subscription: &Subscription) -> bool {
        self.jobs.len() < JOBS && self.jobs.iter().all(|job| job.subscription.id != subscription.id)
    }

    /// Handles an event that happened at `now` (milliseconds since the Unix epoch) and returns the actions to do, in order.
    /// `random` is between 0 and 1.
    pub fn handle(&mut self, input: Input, now: u64, random: f64) -> Vec<Action<J>> {
        // A clock that is set back must not stop the machine until it has caught up.
        let passed = if self.wall == 0 { 0 } else { now.saturating_sub(self.wall) };
        self.tick = Tick { now: self.tick.after(passed), random };
        self.wall = now;
        // Jobs that join are gathered until the page's turn is over, however long it takes.
        let is_join = matches!(input, Input::Join(..));
        self.on_input(input);
        if !self.is_frozen {
            if !is_join {
                self.run_due();
            }
            self.emit_links();
            self.emit_timer();
        }
        std::mem::take(&mut self.actions)
    }

    fn on_input(&mut self, input: Input) {
        match input {
            Input::Join(key, subscription) => self.on_join(key, subscription),
            Input::Leave(key) => self.on_leave(key),
            Input::Refresh(key) => self.on_refresh(key),
            Input::Token(key, token) => self.on_token(key, token),
            Input::Head(request, head) => self.on_head(request, head),
            Input::Bytes(request, bytes) => self.on_bytes(request, bytes),
            Input::Closed(request) => self.on_closed(request),
            Input::Failed(request) => self.on_failed(request),
            Input::Timer => self.timer_at = None,
            Input::Offline => self.is_offline = true,
            Input::Online => {
                // Whether the old connections have survived would show only after a long silence.
                if std::mem::take(&mut self.is_offline) {
                    self.drop_all();
                }
                self.bring_forward(self.tick.share(FIRST_MS));
            }
            Input::Shown => {
                if self.live.as_ref().is_some_and(|live| self.tick.since(live.last_byte_at) > DOUBT_MS) {
                    self.drop_streams();
                }
                self.bring_forward(0);
                self.look_for_retries();
            }
            Input::Frozen => {
                self.drop_all();
                self.is_frozen = true;
            }
            Input::Thawed => {
                self.is_frozen = false;
                self.bring_forward(0);
                self.look_for_retries();
            }
            Input::Renewed(key, renewal) => self.on_renewed(key, renewal),
        }
    }

    /// Requests the jobs that have ended and that somebody can have retried while the page was not looked at.
    fn look_for_retries(&mut self) {
        for index in 0..self.jobs.len() {
            if let Some(job) = self.jobs.get(index).filter(|job| job.may_be_retried() && !self.is_frozen) {
                self.open_poll(job.key, false);
            }
        }
    }

    fn on_join(&mut self, key: JobKey, subscription: Subscription) {
        let mut job = JobState::new(key, subscription);
        // Without a token the server's answer is known before the request.
        if job.subscription.token.is_none() {
            job.emit_renew_token(self.tick, &mut self.actions);
        }
        self.jobs.push(job);
        self.review_in(GATHER_MS);
    }

    fn on_leave(&mut self, key: JobKey) {
        let Some(index) = self.jobs.iter().position(|job| job.key == key) else { return };
        let job = self.jobs.remove(index);
        self.actions.extend(job.poll.map(|poll| Action::Abort(poll.exchange.id)));
        for (was_in, stream) in [(job.is_live, &mut self.live), (job.is_opening, &mut self.opening)] {
            if let Some(stream) = stream.as_mut().filter(|_| was_in) {
                stream.has_stale_jobs = true;
            }
        }
        if job.is_live || job.is_opening {
            self.review_in(STALE_MS);
        }
    }

    fn on_refresh(&mut self, key: JobKey) {
        let Some(job) = self.jobs.iter_mut().find(|job| job.key == key) else { return };
        job.on_refresh();
        // A page that runs again gets all current documents anyway, and so does a job that gets a token.
        if self.is_frozen || job.is_renewing() {
            return;
        }
        match job.phase {
            Phase::BackingOff(_) if job.lacks_token() => job.emit_renew_token(self.tick, &mut self.actions),
            _ => self.open_poll(key, false),
        }
    }

    fn on_token(&mut self, key: JobKey, token: String) {
        if let Some(job) = self.jobs.iter_mut().find(|job| job.key == key) {
            job.on_token(token);
            self.review_in(GATHER_MS);
        }
    }

    fn on_renewed(&mut self, key: JobKey, renewal: Renewal) {
        if let Some(job) = self.jobs.iter_mut().find(|job| job.key == key && job.is_renewing()) {
            job.on_renewed(renewal, self.tick, &mut self.actions);
            self.review_in(GATHER_MS);
        }
    }

    /// Schedules a check whether the stream has the right jobs in `millis` milliseconds, or later if a stream was opened
    /// just now.
    fn review_in(&mut self, millis: u64) {
        let at = self.tick.after(millis).max(self.reopen_not_before);
        self.review_at = Some(self.review_at.map_or(at, |earlier| earlier.min(at)));
    }

    fn emit_links(&mut self) {
        let polls_work = self.fallback.is_polling() && self.backoff.failures() == 0;
        for job in &mut self.jobs {
            let link = match job.phase {
                Phase::Ended => continue,
                _ if self.is_offline => Link::Offline,
                Phase::Active if job.is_live => Link::Live,
                Phase::Active if polls_work => Link::Polling,
                _ => Link::Connecting,
            };
            job.emit_link(link, &mut self.actions);
        }
    }

    /// Opens a stream of all active jobs.
    fn open_stream(&mut self) {
        let mut body = String::from(r#"{"jobs":["#);
        for (index, job) in self.jobs.iter_mut().filter(|job| job.is_active()).enumerate() {
            if index > 0 {
                body.push(',');
            }
            job.subscription.write(&mut body, job.newest.as_ref().map(|newest| &newest.cursor));
            job.is_opening = true;
            job.has_unsent_token = false;
        }
        body.push_str("]}");
        let id = self.next_request();
        self.opening = Some(Stream::new(id, self.tick.now));
        self.reopen_not_before = self.tick.after(MIN_REOPEN_INTERVAL_MS);
        self.actions.push(Action::Open(Request { id, url: self.endpoints.stream(), token: None, body: Some(body) }));
    }

    fn next_request(&mut self) -> RequestId {
        self.unanswered_since.get_or_insert(self.tick.now);
        self.last_request = RequestId(self.last_request.0.wrapping_add(1));
        self.last_request
    }

    fn drop_all(&mut self) {
        self.drop_streams();
        self.drop_polls();
    }

    fn drop_streams(&mut self) {
        self.review_at = None;
        self.drop_live();
        self.drop_opening();
    }

    fn drop_live(&mut self) {
        if let Some(live) = self.live.take() {
            self.actions.push(Action::Abort(live.exchange.id));
            self.jobs.iter_mut().for_each(JobState::on_stream_lost);
        }
    }

    fn drop_opening(&mut self) {
        if let Some(opening) = self.opening.take() {
            self.actions.push(Action::Abort(opening.exchange.id));
            self.jobs.iter_mut().for_each(|job| job.is_opening = false);
        }
    }

    /// Starts the delay before the next try, at least `min_delay_ms` milliseconds. Several failures within the delay count
    /// as one.
    fn back_off(&mut self, min_delay_ms: u64) {
        self.emit_no_response();
        if self.retry_delay.is_none() {
            let wait = self.backoff.next(self.tick.random, min_delay_ms);
            self.retry_delay = Some(RetryDelay::new(self.tick, wait, min_delay_ms));
        }
    }

    /// Emits a problem for each job that was never shown, if no response came for a while. A job that was shown says itself
    /// that it is not connected.
    fn emit_no_response(&mut self) {
        if !self.is_offline && self.unanswered_since.is_some_and(|since| self.tick.since(since) >= NO_RESPONSE_MS) {
            let url = self.endpoints.stream();
            for job in self.jobs.iter_mut().filter(|job| job.is_active() && job.newest.is_none()) {
                job.emit_problem(Problem::no_response(&url), &mut self.actions);
            }
        }
    }

    /// Brings every next try forward to `wait` milliseconds from now, or to the earliest time that the server allows.
    fn bring_forward(&mut self, wait: u64) {
        let of_jobs = self.jobs.iter_mut().filter_map(|job| match &mut job.phase {
            Phase::BackingOff(delay) => Some(delay),
            _ => None,
        });
        self.retry_delay.iter_mut().chain(of_jobs).for_each(|delay| delay.bring_forward(self.tick, wait));
    }
}
