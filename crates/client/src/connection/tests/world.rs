//! A connection with a driver for tests: its clock, its open requests and all that was emitted.

use std::collections::BTreeMap;

use protocol::{id::JobId, include::Include};
use serde_json::Value;

use crate::{
    connection::{Action, Connection, Input, JobKey, Renewal, Request, RequestId, ResponseHead},
    link::Link,
    log::NewLines,
    subscription::Subscription,
};

/// What was emitted for one job.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The seq of every document.
    pub(super) seen: Vec<u64>,
    /// The numbers of the log lines, and the skipped ranges.
    pub(super) lines: Vec<u64>,
    pub(super) skipped: Vec<(u64, u64)>,
    pub(super) links: Vec<Link>,
    pub(super) problems: Vec<(String, bool)>,
    pub(super) renewals: u64,
    pub(super) recreated: usize,
    pub(super) ended: bool,
    /// How many refreshes brought nothing newer.
    pub(super) unchanged: u64,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) connection: Connection<Value>,
    pub(super) now: u64,
    pub(super) timer: Option<u64>,
    /// The open requests.
    pub(super) open: BTreeMap<RequestId, Request>,
    /// The URLs of all requests, without their common prefix.
    pub(super) opened: Vec<String>,
    pub(super) readers: BTreeMap<u32, Reader>,
    pub(super) server_time: Option<u64>,
}

pub(super) const STREAM: &str = "status/stream";

impl World {
    pub(super) fn empty() -> World {
        World {
            connection: Connection::new("http://h"),
            now: 1_700_000_000_000,
            timer: None,
            open: BTreeMap::new(),
            opened: vec![],
            readers: BTreeMap::new(),
            server_time: None,
        }
    }

    /// One job `j`, under the key 1, whose stream is requested.
    pub(super) fn new() -> World {
        World::with_jobs(&["j"])
    }

    /// These jobs, under the keys 1, 2, …, whose stream is requested.
    pub(super) fn with_jobs(ids: &[&str]) -> World {
        let mut world = World::empty();
        for (key, id) in (1..).zip(ids) {
            world.join(key, id);
        }
        world.wait_for_timer();
        world
    }

    /// One job `j` whose stream is live.
    pub(super) fn live() -> World {
        World::new().and_live()
    }

    pub(super) fn and_live(mut self) -> World {
        self.stream();
        self.send(": ok\nretry: 100\n\n");
        self
    }

    pub(super) fn join(&mut self, key: u32, id: &str) {
        self.join_with(key, id, Some("secret"), Include::NONE);
    }

    pub(super) fn join_with(&mut self, key: u32, id: &str, token: Option<&str>, include: Include) {
        self.readers.insert(key, Reader::default());
        self.input(Input::Join(
            JobKey(key),
            Subscription::new(JobId::parse(id).unwrap(), token.map(str::to_owned), include),
        ));
    }

    pub(super) fn leave(&mut self, key: u32) {
        self.readers.remove(&key);
        self.input(Input::Leave(JobKey(key)));
    }

    pub(super) fn refresh(&mut self, key: u32) {
        self.input(Input::Refresh(JobKey(key)));
    }

    pub(super) fn renewed(&mut self, key: u32, renewal: Renewal) {
        self.input(Input::Renewed(JobKey(key), renewal));
    }

    pub(super) fn input(&mut self, input: Input) {
        for action in self.connection.handle(input, self.now, 0.5) {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action<Value>) {
        match action {
            Action::Open(request) => {
                self.opened.push(request.url.strip_prefix("http://h/v2/jobs/").unwrap().to_owned());
                self.open.insert(request.id, request);
            }
            Action::Abort(id) => assert!(self.open.remove(&id).is_some(), "there is something to abort"),
            Action::Timer(millis) => self.timer = Some(self.now + millis),
            Action::ServerTime(time) => self.server_time = Some(time),
            Action::RenewToken(key) => self.reader_mut(key).renewals += 1,
            Action::Link(key, link) => self.reader_mut(key).links.push(link),
            Action::Recreated(key) => self.reader_mut(key).recreated += 1,
            Action::Document(key, document) => {
                let reader = self.reader_mut(key);
                reader.seen.push(document["seq"].as_u64().unwrap());
                // It was retried or replaced, if it had ended.
                reader.ended = false;
            }
            Action::Unchanged(key) => self.reader_mut(key).unchanged += 1,
            Action::Log(key, NewLines { lines, skipped }) => {
                let reader = self.reader_mut(key);
                reader.lines.extend(lines.iter().map(|line| line["number"].as_u64().unwrap()));
                reader.skipped.extend(skipped);
            }
            Action::Problem(key, problem) => self.reader_mut(key).problems.push((problem.code, problem.fatal)),
            Action::End(key) => {
                assert!(!self.reader_mut(key).ended, "an end is emitted once for a document");
                self.reader_mut(key).ended = true;
            }
        }
    }

    fn reader_mut(&mut self, key: JobKey) -> &mut Reader {
        self.readers.get_mut(&key.0).expect("nothing is emitted for a job that has left")
    }

    /// The reader of the first job.
    pub(super) fn reader(&self) -> &Reader {
        &self.readers[&1]
    }

    /// The open request that was sent last.
    pub(super) fn last(&self) -> &Request {
        self.open.values().next_back().expect("a request is open")
    }

    pub(super) fn id(&self) -> RequestId {
        self.last().id
    }

    /// The jobs in the body of the last request, a stream, with their cursors.
    pub(super) fn requested_jobs(&self) -> Vec<(String, String)> {
        let body: Value = serde_json::from_str(self.last().body.as_ref().expect("it is a stream")).unwrap();
        let text = |job: &Value, key: &str| job[key].as_str().unwrap_or_default().to_owned();
        body["jobs"].as_array().unwrap().iter().map(|job| (text(job, "jobId"), text(job, "cursor"))).collect()
    }

    pub(super) fn head(&mut self, status: u16, is_stream: bool) {
        self.input(Input::Head(self.id(), ResponseHead { status, is_stream, ..Default::default() }));
    }

    pub(super) fn stream(&mut self) {
        self.head(200, true);
    }

    pub(super) fn send(&mut self, text: &str) {
        self.input(Input::Bytes(self.id(), text.as_bytes()));
    }

    pub(super) fn close(&mut self) {
        let id = self.id();
        self.open.remove(&id);
        self.input(Input::Closed(id));
    }

    pub(super) fn fail(&mut self) {
        let id = self.id();
        self.open.remove(&id);
        self.input(Input::Failed(id));
    }

    /// Answers the last request with a complete body that is not a stream.
    pub(super) fn answer(&mut self, status: u16, body: &str) {
        let id = self.id();
        self.head(status, false);
        if self.open.contains_key(&id) {
            self.input(Input::Bytes(id, body.as_bytes()));
            self.open.remove(&id);
            self.input(Input::Closed(id));
        }
    }

    /// Advances the time to the timer and fires it; returns the milliseconds.
    pub(super) fn wait_for_timer(&mut self) -> u64 {
        let due = self.timer.take().expect("a timer is set");
        let waited = due.saturating_sub(self.now);
        self.now = self.now.max(due);
        self.input(Input::Timer);
        waited
    }

    /// Advances the time to the next request; returns the milliseconds.
    pub(super) fn wait_for_request(&mut self) -> u64 {
        let start = self.now;
        let before = self.opened.len();
        while self.opened.len() == before {
            self.wait_for_timer();
            assert!(self.now - start < 3_600_000, "nothing is requested within an hour");
        }
        self.now - start
    }

    /// Advances the time until the page is asked for a token; returns the milliseconds.
    pub(super) fn wait_for_renewal(&mut self, key: u32) -> u64 {
        let start = self.now;
        let before = self.readers[&key].renewals;
        while self.readers[&key].renewals == before {
            self.wait_for_timer();
            assert!(self.now - start < 3_600_000, "the page is not asked within an hour");
        }
        self.now - start
    }

    /// Answers polls with 304 until a stream is requested; it is the last request then.
    pub(super) fn wait_for_stream(&mut self) {
        for _ in 0..10_000 {
            let is_poll = |request: &&Request| request.body.is_none();
            match self.open.values().find(is_poll).map(|request| request.id) {
                Some(poll) => self.input(Input::Head(poll, ResponseHead { status: 304, ..Default::default() })),
                None if self.open.is_empty() => _ = self.wait_for_timer(),
                None => return,
            }
        }
        panic!("no stream is requested");
    }

    /// Answers all open requests as a healthy server does.
    pub(super) fn serve_all(&mut self) {
        let requests: Vec<_> = self.open.values().map(|request| (request.id, request.body.is_some())).collect();
        for (id, is_stream) in requests {
            let status = if is_stream { 200 } else { 304 };
            self.input(Input::Head(id, ResponseHead { status, is_stream, ..Default::default() }));
            if is_stream {
                self.input(Input::Bytes(id, b":\n\n"));
            }
        }
    }

    /// Advances the time by `millis`; the timer fires when it is due.
    pub(super) fn advance(&mut self, millis: u64) {
        let until = self.now + millis;
        while self.timer.is_some_and(|due| due <= until) {
            self.wait_for_timer();
        }
        self.now = until;
    }

    pub(super) fn has_given_up(&self) -> bool {
        self.reader().problems.iter().any(|(_, fatal)| *fatal)
    }

    pub(super) fn url(&self) -> &str {
        self.opened.last().unwrap()
    }

    pub(super) fn link(&self) -> Link {
        *self.reader().links.last().unwrap()
    }
}
