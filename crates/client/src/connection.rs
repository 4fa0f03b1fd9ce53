//! The connection: a state machine that keeps one reader informed of one job until it ends.

mod action;
mod hearing;
mod input;
#[cfg(test)]
mod tests;

pub use action::{Action, Request};
pub use input::{Input, Renewal, ResponseHead};
use protocol::sse::Decoder;

use crate::{
    address::{Address, WAIT_SECONDS},
    backoff::Backoff,
    fallback::{Fallback, Route},
    json::Json,
    link::Link,
    problem::Problem,
    reading::Head,
};

/// Milliseconds that an open stream may be silent; the server sends a sign of life every 15 s.
pub const SILENCE_MS: u64 = 45_000;
/// Milliseconds for the first byte of an answer that is due at once.
pub const ANSWER_MS: u64 = 10_000;
/// Milliseconds a page may take to get a new token.
const RENEWAL_MS: u64 = 30_000;
/// Milliseconds a stream must have lasted to count as healthy.
const HEALTHY_MS: u64 = 5_000;
/// Milliseconds of silence after which a page that is shown again does not trust its stream.
const DOUBT_MS: u64 = 20_000;

/// Where the machine stands; the times are of its own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    /// A request is out, and its content has not begun.
    Opening {
        since: u64,
    },
    Streaming {
        since: u64,
    },
    /// Nothing is out until then; what makes a try more hopeful may bring it forward, though not before `earliest`.
    Waiting {
        until: u64,
        earliest: u64,
    },
    /// The page was asked for a new token.
    Renewing {
        since: u64,
    },
    Frozen,
    Over,
}

/// Keeps one reader informed of one job.
///
/// A driver tells it what happens, with the time and a random number, and does what it answers. It never loses the end:
/// a document that says so is handed over however its stream was cut, and only that, `end` or a 204 stop it.
///
/// ```
/// use client::{Action, Connection, Input, address::Address};
/// use protocol::include::Include;
///
/// let address = Address::new("https://status.example.com", "import-42", Include::NONE);
/// let mut connection = Connection::<serde_json::Value>::new(address, None);
/// let actions = connection.handle(Input::Start, 1_700_000_000_000, 0.5);
/// assert!(matches!(&actions[0], Action::Open(request) if request.url.ends_with("/v2/jobs/import-42/status/stream")));
/// ```
#[derive(Debug)]
pub struct Connection<J> {
    address: Address,
    token: Option<String>,
    phase: Phase,
    fallback: Fallback,
    backoff: Backoff,
    request: u32,
    /// That request has been sent and not ended.
    is_out: bool,
    response: Option<ResponseHead>,
    decoder: Decoder,
    body: Vec<u8>,
    newest: Option<Head>,
    /// The next stream shall begin anew, as the server and this reader disagree on where they are.
    forget: bool,
    renewed: bool,
    offline: bool,
    missing: u32,
    /// What made a new token necessary.
    refusal: Option<Problem<J>>,
    told_problem: Option<String>,
    told_link: Option<Link>,
    told_skew: i64,
    heard: u64,
    armed: Option<u64>,
    /// The device's clock at the last input, and a clock of our own that never goes back.
    wall: u64,
    now: u64,
    random: f64,
    actions: Vec<Action<J>>,
}

impl<J: Json> Connection<J> {
    /// A reader of `address` that has not begun.
    pub fn new(address: Address, token: Option<String>) -> Connection<J> {
        Connection {
            address,
            token,
            phase: Phase::Idle,
            fallback: Fallback::default(),
            backoff: Backoff::default(),
            request: 0,
            is_out: false,
            response: None,
            decoder: Decoder::default(),
            body: Vec::new(),
            newest: None,
            forget: false,
            renewed: false,
            offline: false,
            missing: 0,
            refusal: None,
            told_problem: None,
            told_link: None,
            told_skew: 0,
            heard: 0,
            armed: None,
            wall: 0,
            now: 0,
            random: 0.0,
            actions: Vec::new(),
        }
    }

    /// Takes what has happened at `now` (milliseconds since the Unix epoch) and says what to do, in that order;
    /// `random` lies between 0 and 1.
    pub fn handle(&mut self, input: Input, now: u64, random: f64) -> Vec<Action<J>> {
        // A clock that is put back must not stop the machine until it has caught up.
        self.now = self.now.saturating_add(if self.wall == 0 { 0 } else { now.saturating_sub(self.wall) });
        self.wall = now;
        self.random = random;
        if self.phase != Phase::Over {
            self.take(input);
            self.tell_link();
            self.arm();
        }
        std::mem::take(&mut self.actions)
    }

    fn take(&mut self, input: Input) {
        let is_out = |request| self.is_out && request == self.request;
        match (input, self.phase) {
            (Input::Start, Phase::Idle) => self.open(),
            (Input::Head(request, head), _) if is_out(request) => self.head(head),
            (Input::Bytes(request, bytes), _) if is_out(request) => self.bytes(bytes),
            (Input::Closed(request), _) if is_out(request) => {
                self.is_out = false;
                self.closed();
            }
            (Input::Failed(request), _) if is_out(request) => {
                self.is_out = false;
                self.failed();
            }
            (Input::Timer, _) => self.timer(),
            (Input::Offline, _) => self.offline = true,
            (Input::Online, phase) => {
                let was_offline = std::mem::take(&mut self.offline);
                match phase {
                    Phase::Waiting { .. } => self.hurry(self.share(crate::backoff::FIRST_MS)),
                    // Whether the old connection has survived would show only after a long silence.
                    _ if self.is_out && was_offline => self.reopen(),
                    _ => {}
                }
            }
            (Input::Shown, Phase::Waiting { .. }) => self.hurry(0),
            (Input::Shown, Phase::Streaming { .. }) if self.now.saturating_sub(self.heard) > DOUBT_MS => self.reopen(),
            (Input::Frozen, phase) if phase != Phase::Idle => {
                self.abort();
                self.phase = Phase::Frozen;
            }
            (Input::Thawed, Phase::Frozen) => self.open(),
            (Input::Renewed(renewal), Phase::Renewing { .. }) => self.renewed(renewal),
            _ => {}
        }
    }

    fn timer(&mut self) {
        self.armed = None;
        if self.deadline().is_none_or(|deadline| deadline > self.now) {
            return;
        }
        match self.phase {
            Phase::Opening { .. } => {
                self.abort();
                self.was_cut();
            }
            Phase::Streaming { .. } => {
                self.abort();
                self.stream_ended();
            }
            Phase::Waiting { .. } => self.open(),
            Phase::Renewing { .. } => self.retry(0),
            Phase::Idle | Phase::Frozen | Phase::Over => {}
        }
    }

    /// When something must have happened.
    fn deadline(&self) -> Option<u64> {
        match self.phase {
            Phase::Opening { since } => {
                let wait = if self.is_long_poll() { WAIT_SECONDS.saturating_mul(1000) } else { 0 };
                Some(since.saturating_add(wait).saturating_add(ANSWER_MS))
            }
            Phase::Streaming { .. } => Some(self.heard.saturating_add(SILENCE_MS)),
            Phase::Waiting { until, .. } => Some(until),
            Phase::Renewing { since } => Some(since.saturating_add(RENEWAL_MS)),
            Phase::Idle | Phase::Frozen | Phase::Over => None,
        }
    }

    /// Asks for a timer unless one is set that comes in time; one that comes early is set again.
    fn arm(&mut self) {
        if let Some(deadline) = self.deadline()
            && self.armed.is_none_or(|armed| armed > deadline)
        {
            self.armed = Some(deadline);
            self.actions.push(Action::Timer(deadline.saturating_sub(self.now)));
        }
    }

    fn tell_link(&mut self) {
        let link = match self.phase {
            Phase::Idle | Phase::Frozen | Phase::Over => return,
            _ if self.offline => Link::Offline,
            Phase::Streaming { .. } => Link::Live,
            _ if self.fallback.is_polling() && self.backoff.failures() == 0 => Link::Polling,
            _ => Link::Connecting,
        };
        if self.told_link.replace(link) != Some(link) {
            self.actions.push(Action::Link(link));
        }
    }

    /// A long poll is possible once a poll has been answered, as only then there is a place to wait at.
    fn is_long_poll(&self) -> bool {
        self.fallback.route() == Route::LongPoll && self.fallback.is_polling() && self.newest.is_some()
    }

    fn open(&mut self) {
        let route = self.fallback.choose(self.now);
        let cursor =
            if std::mem::take(&mut self.forget) { None } else { self.newest.as_ref().map(|head| &head.cursor) };
        let is_stream = route == Route::Stream;
        let (url, cursor) = match cursor {
            cursor if is_stream => (self.address.stream(), cursor.cloned()),
            Some(cursor) if self.is_long_poll() => (self.address.next(cursor), None),
            cursor => (self.address.status(cursor), None),
        };
        self.request = self.request.wrapping_add(1);
        self.is_out = true;
        self.response = None;
        self.body = Vec::new();
        self.decoder = Decoder::default();
        self.phase = Phase::Opening { since: self.now };
        self.actions.push(Action::Open(Request {
            id: self.request,
            url,
            is_stream,
            token: self.token.clone(),
            cursor,
        }));
    }

    fn reopen(&mut self) {
        self.abort();
        self.open();
    }

    fn abort(&mut self) {
        if std::mem::take(&mut self.is_out) {
            self.actions.push(Action::Abort);
        }
    }

    /// Tries again after the back-off, `floor` milliseconds from now at the earliest.
    fn retry(&mut self, floor: u64) {
        let wait = self.backoff.next(self.random, floor);
        let earliest = self.now.saturating_add(floor.min(wait));
        self.phase = Phase::Waiting { until: self.now.saturating_add(wait), earliest };
    }

    /// Brings a try forward to `wait` milliseconds from now, or as near as the server allows.
    fn hurry(&mut self, wait: u64) {
        if let Phase::Waiting { until, earliest } = self.phase {
            let sooner = self.now.saturating_add(wait).max(earliest);
            self.phase = Phase::Waiting { until: until.min(sooner), earliest };
        }
    }

    fn share(&self, of: u64) -> u64 {
        (of as f64 * self.random.clamp(0.0, 1.0)) as u64
    }

    fn renewed(&mut self, renewal: Renewal) {
        match (renewal, self.refusal.take()) {
            (Renewal::Token(token), _) => {
                self.token = Some(token);
                self.renewed = true;
                self.open();
            }
            (Renewal::Impossible, Some(problem)) => self.give_up(problem),
            (Renewal::Failed | Renewal::Impossible, _) => self.retry(0),
        }
    }

    fn give_up(&mut self, problem: Problem<J>) {
        self.abort();
        self.phase = Phase::Over;
        self.actions.push(Action::Problem(Problem { fatal: true, ..problem }));
    }

    fn finish(&mut self) {
        self.abort();
        self.phase = Phase::Over;
        self.actions.push(Action::End);
    }
}
