//! The reader: it does what the state machine says, with threads, blocking requests and a real clock.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use protocol::Timestamp;
use serde_json::Value;

use super::{
    request::{Event, Events, OpenRequest},
    update::Update,
};
use crate::{
    connection::{Action, Connection, Input, JobKey, Renewal, RequestId},
    policy::NO_RESPONSE,
    problem::Problem,
    server_clock::ServerClock,
    subscription::Subscription,
};

/// Events that wait for the reader before the threads of the requests wait: half a megabyte of bytes at most.
const EVENTS: usize = 32;

/// Follows jobs of one server, all on one connection, until they end: through lost connections, silent ones, restarts of
/// the server, and proxies that hold streams back.
///
/// Nothing happens between two calls of [`next`](Reader::next) but the arrival of bytes, up to a limit. A program that
/// reads slowly gets the newest documents and skips those in between.
///
/// ```no_run
/// use std::time::{Duration, Instant};
/// use client::{Subscription, native::{Reader, Update}};
/// use protocol::{id::JobId, include::Include};
///
/// let mut reader = Reader::new("https://status.example.com", Some("jp_a_secret".to_owned()));
/// reader.join(Subscription::new(JobId::parse("import-42").unwrap(), None, Include::NONE));
/// let deadline = Instant::now() + Duration::from_secs(60);
/// while let Some((_, update)) = reader.next(deadline) {
///     match update {
///         Update::Document(document) => println!("{}", document["status"]),
///         Update::End => break,
///         _ => {}
///     }
/// }
/// ```
pub struct Reader {
    url: String,
    connection: Connection<Value>,
    credential: Option<String>,
    sender: Events,
    events: Receiver<(RequestId, Event)>,
    requests: HashMap<RequestId, OpenRequest>,
    /// When the state machine wants [`Input::Timer`].
    timer: Option<Instant>,
    actions: VecDeque<Action<Value>>,
    updates: VecDeque<(JobKey, Update)>,
    last_key: JobKey,
    started: Instant,
    clock: ServerClock,
    /// Why the last request failed.
    failure: Option<String>,
    has_response: bool,
}

impl Reader {
    /// A reader of jobs of the server at `url`, an absolute URL. `credential` is a key or a token; it is sent for each job
    /// that has no token of its own.
    pub fn new(url: &str, credential: Option<String>) -> Reader {
        let (sender, events) = mpsc::sync_channel(EVENTS);
        let now = Instant::now();
        // Until the server says what time it is, this device's clock has to do.
        let mut clock = ServerClock::default();
        clock.on_time(now_millis(), 0);
        Reader {
            url: url.to_owned(),
            connection: Connection::new(url),
            credential,
            sender,
            events,
            requests: HashMap::new(),
            timer: None,
            actions: VecDeque::new(),
            updates: VecDeque::new(),
            last_key: JobKey::default(),
            started: now,
            clock,
            failure: None,
            has_response: false,
        }
    }

    /// Adds a job. `None` if the reader follows as many jobs as it can (100), or this job already.
    pub fn join(&mut self, subscription: Subscription) -> Option<JobKey> {
        if !self.connection.can_join(&subscription) {
            return None;
        }
        self.last_key = JobKey(self.last_key.0.saturating_add(1));
        self.on_input(Input::Join(self.last_key, subscription));
        Some(self.last_key)
    }

    /// Removes a job.
    pub fn leave(&mut self, key: JobKey) {
        self.updates.retain(|(job, _)| *job != key);
        self.on_input(Input::Leave(key));
    }

    /// Requests the job's current document now: [`Update::Document`] or [`Update::Unchanged`] follows.
    pub fn refresh(&mut self, key: JobKey) {
        self.on_input(Input::Refresh(key));
    }

    /// Waits for the next update, until `deadline` at most.
    pub fn next(&mut self, deadline: Instant) -> Option<(JobKey, Update)> {
        loop {
            if let Some(update) = self.updates.pop_front() {
                return Some(update);
            }
            let until = self.timer.map_or(deadline, |timer| timer.min(deadline));
            match self.events.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((request, event)) => self.on_event(request, event),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    if self.timer.take_if(|timer| *timer <= Instant::now()).is_some() {
                        self.on_input(Input::Timer);
                    }
                }
            }
            if self.updates.is_empty() && Instant::now() >= deadline {
                return None;
            }
        }
    }

    /// The time by the server's clock, as far as it is known.
    pub fn server_time(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.now(self.monotonic()))
    }

    /// Whether the server has ever given a response.
    pub fn has_response(&self) -> bool {
        self.has_response
    }

    fn on_event(&mut self, request: RequestId, event: Event) {
        match event {
            Event::Head(head) => {
                self.has_response = true;
                self.on_input(Input::Head(request, head));
            }
            Event::Bytes(bytes) => self.on_input(Input::Bytes(request, &bytes)),
            Event::Closed => {
                self.requests.remove(&request);
                self.on_input(Input::Closed(request));
            }
            Event::Failed(reason) => {
                // Only then it was not aborted.
                if self.requests.remove(&request).is_some() {
                    self.failure = Some(reason);
                    self.on_input(Input::Failed(request));
                }
            }
        }
    }

    /// Passes an input to the state machine and does the actions that it returns.
    fn on_input(&mut self, input: Input) {
        self.handle(input);
        while let Some(action) = self.actions.pop_front() {
            self.act(action);
        }
    }

    fn handle(&mut self, input: Input) {
        // The time of day and not the monotonic clock, which stops while some devices sleep: after a sleep the stream is silent.
        self.actions.extend(self.connection.handle(input, now_millis(), random()));
    }

    fn act(&mut self, action: Action<Value>) {
        match action {
            Action::Open(request) => {
                let id = request.id;
                match OpenRequest::send(request, self.credential.clone(), self.sender.clone()) {
                    Ok(open) => drop(self.requests.insert(id, open)),
                    Err(error) => {
                        self.failure = Some(error.to_string());
                        self.handle(Input::Failed(id));
                    }
                }
            }
            Action::Abort(request) => {
                if let Some(request) = self.requests.remove(&request) {
                    request.abort();
                }
            }
            Action::Timer(millis) => self.timer = Instant::now().checked_add(Duration::from_millis(millis)),
            // The credential of the reader, if there is one, is the only other one.
            Action::RenewToken(key) => self.handle(Input::Renewed(key, Renewal::Impossible)),
            Action::ServerTime(millis) => {
                self.clock.on_time(millis, self.monotonic());
            }
            Action::Link(key, link) => self.updates.push_back((key, Update::Link(link))),
            Action::Recreated(key) => self.updates.push_back((key, Update::Recreated)),
            Action::Document(key, document) => self.updates.push_back((key, Update::Document(document))),
            Action::Unchanged(key) => self.updates.push_back((key, Update::Unchanged)),
            Action::Log(key, lines) => self.updates.push_back((key, Update::Log(lines))),
            Action::Problem(key, problem) => {
                let problem = self.with_reason(problem);
                self.updates.push_back((key, Update::Problem(problem)));
            }
            Action::End(key) => self.updates.push_back((key, Update::End)),
        }
    }

    /// The problem; that of a server that gives no response with the reason, which only a browser does not know.
    fn with_reason(&self, problem: Problem<Value>) -> Problem<Value> {
        if problem.code != NO_RESPONSE {
            return problem;
        }
        let reason = self.failure.as_deref().unwrap_or("nothing arrived in time");
        Problem { message: format!("{} gives no response: {reason}", self.url), ..problem }
    }

    fn monotonic(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.requests.drain().for_each(|(_, request)| request.abort());
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the state machine, whose subscriptions contain tokens.
        f.debug_struct("Reader").field("url", &self.url).field("open", &self.requests.len()).finish_non_exhaustive()
    }
}

/// Milliseconds since the Unix epoch by this device's clock.
fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A random number from 0 to 1. Without a source of randomness the delays have no jitter, which is no reason to stop.
fn random() -> f64 {
    getrandom::u64().map_or(0.5, |random| random as f64 / u64::MAX as f64)
}
