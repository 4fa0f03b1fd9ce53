//! The connection: a state machine that keeps a page informed of many jobs of one server, each until it ends.

mod action;
mod due;
mod exchange;
mod hearing;
mod input;
mod moment;
mod polling;
mod seat;
#[cfg(test)]
mod tests;

pub use action::{Action, Request};
pub use due::{ANSWER_MS, SILENCE_MS};
use exchange::Stream;
pub use input::{Input, Renewal, ResponseHead};
use moment::{Moment, Rest};
use protocol::limits::JOBS;
use seat::{Seat, Standing};

use crate::{
    backoff::{Backoff, FIRST_MS},
    fallback::Fallback,
    job::Job,
    json::Json,
    link::Link,
    server::Server,
};

/// Milliseconds a stream must have lasted to count as healthy.
const HEALTHY_MS: u64 = 5_000;
/// Milliseconds of silence after which a page that is shown again does not trust its stream.
const DOUBT_MS: u64 = 20_000;
/// Milliseconds in which jobs that come one after the other come at once: those of one turn of the page's event loop.
const GATHER_MS: u64 = 1;
/// Milliseconds between two streams at least that are opened because jobs come: four a second, of the five allowed.
const RESPITE_MS: u64 = 250;
/// Milliseconds that the server may tell of jobs that are wanted no more, before a stream without them takes over.
const SHED_MS: u64 = 5_000;

/// Keeps a page informed of the jobs of one server, at most [`JOBS`] of them, on one stream.
///
/// A driver tells it what happens, with the time and a random number, and does what it answers. Jobs come and go under
/// keys of the driver's. When they do, a new stream takes over from the one that is heard as soon as it brings a byte, so
/// that the jobs that stay notice nothing. It never loses a job's end: a document that says so is handed over however its
/// stream was cut, and only that or `end` stop it.
///
/// ```
/// use client::{Action, Connection, Input, Job};
/// use protocol::{id::JobId, include::Include};
///
/// let mut connection = Connection::<serde_json::Value>::new("https://status.example.com");
/// let job = Job::new(JobId::parse("import-42").unwrap(), Some("eyJ".to_owned()), Include::NONE);
/// connection.handle(Input::Join(1, job), 1_700_000_000_000, 0.5);
/// let actions = connection.handle(Input::Timer, 1_700_000_000_001, 0.5);
/// let Action::Open(request) = &actions[0] else { panic!() };
/// assert_eq!(request.url, "https://status.example.com/v2/jobs/status/stream");
/// assert_eq!(request.body.as_deref(), Some(r#"{"jobs":[{"jobId":"import-42","token":"eyJ"}]}"#));
/// ```
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Connection<J> {
    server: Server,
    seats: Vec<Seat<J>>,
    /// The stream that is heard.
    live: Option<Stream>,
    /// A stream that has not brought a byte yet: the first one, or the one that takes over.
    opening: Option<Stream>,
    /// Nothing is asked for before its end.
    rest: Option<Rest>,
    /// When to look whether the stream has the right jobs.
    review_at: Option<u64>,
    /// Before that, no stream is opened because jobs come.
    respite_until: u64,
    fallback: Fallback,
    backoff: Backoff,
    last_request: u32,
    is_frozen: bool,
    is_offline: bool,
    told_skew: i64,
    armed: Option<u64>,
    /// The device's clock at the last input, and a clock of our own that never goes back.
    wall: u64,
    moment: Moment,
    actions: Vec<Action<J>>,
}

impl<J: Json> Connection<J> {
    /// A connection to the server at `src`, without jobs yet.
    pub fn new(src: &str) -> Connection<J> {
        Connection {
            server: Server::at(src),
            seats: Vec::new(),
            live: None,
            opening: None,
            rest: None,
            review_at: None,
            respite_until: 0,
            fallback: Fallback::default(),
            backoff: Backoff::default(),
            last_request: 0,
            is_frozen: false,
            is_offline: false,
            told_skew: 0,
            armed: None,
            wall: 0,
            moment: Moment::default(),
            actions: Vec::new(),
        }
    }

    /// Whether the job can join: there is room, and no other reader of the same job, from whom the server's frames would
    /// not tell it apart.
    pub fn has_room_for(&self, job: &Job) -> bool {
        self.seats.len() < JOBS && self.seats.iter().all(|seat| seat.job.id != job.id)
    }

    /// Takes what has happened at `now` (milliseconds since the Unix epoch) and says what to do, in that order;
    /// `random` lies between 0 and 1.
    pub fn handle(&mut self, input: Input, now: u64, random: f64) -> Vec<Action<J>> {
        // A clock that is put back must not stop the machine until it has caught up.
        let passed = if self.wall == 0 { 0 } else { now.saturating_sub(self.wall) };
        self.moment = Moment { now: self.moment.in_ms(passed), random };
        self.wall = now;
        // Those who come are waited for until the page's turn is over, however long it takes.
        let is_coming = matches!(input, Input::Join(..));
        self.take(input);
        if !self.is_frozen {
            if !is_coming {
                self.settle();
            }
            self.tell_links();
            self.arm();
        }
        std::mem::take(&mut self.actions)
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Join(key, job) => self.join(key, job),
            Input::Leave(key) => self.leave(key),
            Input::Refresh(key) => self.refresh(key),
            Input::Head(request, head) => self.head(request, head),
            Input::Bytes(request, bytes) => self.bytes(request, bytes),
            Input::Closed(request) => self.closed(request),
            Input::Failed(request) => self.failed(request),
            Input::Timer => self.armed = None,
            Input::Offline => self.is_offline = true,
            Input::Online => {
                // Whether the old connections have survived would show only after a long silence.
                if std::mem::take(&mut self.is_offline) {
                    self.drop_all();
                }
                self.hurry(self.moment.share(FIRST_MS));
            }
            Input::Shown => {
                if self.live.as_ref().is_some_and(|live| self.moment.since(live.heard) > DOUBT_MS) {
                    self.drop_streams();
                }
                self.hurry(0);
            }
            Input::Frozen => {
                self.drop_all();
                self.is_frozen = true;
            }
            Input::Thawed => {
                self.is_frozen = false;
                self.hurry(0);
            }
            Input::Renewed(key, renewal) => self.renewed(key, renewal),
        }
    }

    fn join(&mut self, key: u32, job: Job) {
        let mut seat = Seat::new(key, job);
        // To be sent away for want of a token would take a request to learn nothing.
        if seat.job.token.is_none() {
            seat.renew(self.moment, &mut self.actions);
        }
        self.seats.push(seat);
        self.review(GATHER_MS);
    }

    fn leave(&mut self, key: u32) {
        let Some(index) = self.seats.iter().position(|seat| seat.key == key) else { return };
        let seat = self.seats.remove(index);
        self.actions.extend(seat.poll.map(|poll| Action::Abort(poll.exchange.id)));
        for (was_in, stream) in [(seat.is_live, &mut self.live), (seat.is_opening, &mut self.opening)] {
            if let Some(stream) = stream.as_mut().filter(|_| was_in) {
                stream.has_strays = true;
            }
        }
        if seat.is_live || seat.is_opening {
            self.review(SHED_MS);
        }
    }

    fn refresh(&mut self, key: u32) {
        let Some(seat) = self.seats.iter_mut().find(|seat| seat.key == key) else { return };
        seat.reconsider();
        // A page that runs again is told how everything stands anyway, and so is who gets a token.
        if self.is_frozen || seat.is_renewing() {
            return;
        }
        match seat.standing {
            Standing::Away(_) if seat.lacks_token() => seat.renew(self.moment, &mut self.actions),
            _ => self.ask(key, false),
        }
    }

    fn renewed(&mut self, key: u32, renewal: Renewal) {
        let is_possible = renewal != Renewal::Impossible;
        let token = if let Renewal::Token(token) = renewal { Some(token) } else { None };
        let waits = |seat: &&mut Seat<J>| seat.key == key && seat.is_renewing();
        if let Some(seat) = self.seats.iter_mut().find(waits) {
            seat.renewed(token, is_possible, self.moment, &mut self.actions);
            self.review(GATHER_MS);
        }
    }

    /// Looks in `millis` whether the stream has the right jobs, though not often.
    fn review(&mut self, millis: u64) {
        let at = self.moment.in_ms(millis).max(self.respite_until);
        self.review_at = Some(self.review_at.map_or(at, |earlier| earlier.min(at)));
    }

    fn tell_links(&mut self) {
        let polls_work = self.fallback.is_polling() && self.backoff.failures() == 0;
        for seat in &mut self.seats {
            let link = match seat.standing {
                Standing::Over => continue,
                _ if self.is_offline => Link::Offline,
                Standing::Here if seat.is_live => Link::Live,
                Standing::Here if polls_work => Link::Polling,
                _ => Link::Connecting,
            };
            seat.tell_link(link, &mut self.actions);
        }
    }

    /// Opens a stream of all jobs that are to be heard.
    fn open(&mut self) {
        let mut body = String::from(r#"{"jobs":["#);
        for (index, seat) in self.seats.iter_mut().filter(|seat| seat.is_here()).enumerate() {
            if index > 0 {
                body.push(',');
            }
            seat.job.write(&mut body, seat.newest.as_ref().map(|newest| &newest.cursor));
            seat.is_opening = true;
        }
        body.push_str("]}");
        let id = self.next_request();
        self.opening = Some(Stream::new(id, self.moment.now));
        self.respite_until = self.moment.in_ms(RESPITE_MS);
        self.actions.push(Action::Open(Request { id, url: self.server.streams(), token: None, body: Some(body) }));
    }

    fn next_request(&mut self) -> u32 {
        self.last_request = self.last_request.wrapping_add(1);
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
            self.seats.iter_mut().for_each(Seat::was_left);
        }
    }

    fn drop_opening(&mut self) {
        if let Some(opening) = self.opening.take() {
            self.actions.push(Action::Abort(opening.exchange.id));
            self.seats.iter_mut().for_each(|seat| seat.is_opening = false);
        }
    }

    /// Tries again after the back-off, `peace` milliseconds from now at the earliest. What fails in the same moment is one
    /// failure.
    fn retry(&mut self, peace: u64) {
        if self.rest.is_none() {
            let wait = self.backoff.next(self.moment.random, peace);
            self.rest = Some(Rest::new(self.moment, wait, peace));
        }
    }

    /// Brings every next try forward to `wait` milliseconds from now, or as near as the server allows.
    fn hurry(&mut self, wait: u64) {
        let seats = self.seats.iter_mut().filter_map(|seat| match &mut seat.standing {
            Standing::Away(rest) => Some(rest),
            _ => None,
        });
        self.rest.iter_mut().chain(seats).for_each(|rest| rest.hurry(self.moment, wait));
    }
}
