//! The viewer: the client's real connection, and what it has emitted for its job.

use client::{Action, Connection, Input, JobKey, RequestId, Subscription, connection::ResponseHead};
use protocol::{cursor::Cursor, id::JobId, include::Include};
use serde_json::Value;

use crate::script::INCLUDE;

/// The key of the only job.
const KEY: JobKey = JobKey(1);
/// The time; in this model nothing depends on it, and every delay is zero.
const NOW: u64 = 1_700_000_000_000;

/// What the viewer has received, and what its next connection starts with.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(crate) struct Viewer {
    connection: Connection<Value>,
    /// The open stream.
    request: Option<RequestId>,
    /// The cursor of its request, until the response begins.
    pub(crate) cursor: Option<Cursor>,
    /// The cursor of the last document.
    pub(crate) newest: Option<Cursor>,
    /// The log lines, one bit for each number.
    pub(crate) lines: u64,
    /// Whether it has stopped.
    pub(crate) done: bool,
}

impl Viewer {
    /// A viewer that has requested a stream.
    pub(crate) fn new(job: &str) -> Viewer {
        let mut viewer = Viewer {
            connection: Connection::new("http://h"),
            request: None,
            cursor: None,
            newest: None,
            lines: 0,
            done: false,
        };
        let job = Subscription::new(JobId::parse(job).unwrap(), Some("token".to_owned()), Include::from_bits(INCLUDE));
        viewer.connection.handle(Input::Join(KEY, job), NOW, 0.0);
        viewer.input(Input::Timer).unwrap();
        viewer
    }

    /// The stream begins, with the comment that the relay sends at once: a stream that is cut before its first byte makes a
    /// client fall back to polls, which is not part of this model.
    pub(crate) fn on_begin(&mut self) -> Result<(), String> {
        let head = ResponseHead { status: 200, is_stream: true, ..Default::default() };
        let id = self.id();
        self.cursor = None;
        self.input(Input::Head(id, head))?;
        self.input(Input::Bytes(id, b": ok\n\n"))
    }

    /// Bytes of the stream have arrived.
    pub(crate) fn on_bytes(&mut self, bytes: &[u8]) -> Result<(), String> {
        let id = self.id();
        self.input(Input::Bytes(id, bytes))
    }

    /// The stream is complete or was cut.
    pub(crate) fn on_end(&mut self, is_complete: bool) -> Result<(), String> {
        let id = self.id();
        self.input(if is_complete { Input::Closed(id) } else { Input::Failed(id) })
    }

    fn id(&self) -> RequestId {
        self.request.unwrap_or_default()
    }

    fn input(&mut self, input: Input) -> Result<(), String> {
        // A millisecond after the job joined, when the jobs that join together have been gathered.
        for action in self.connection.handle(input, NOW + 1, 0.0) {
            self.act(action)?;
        }
        Ok(())
    }

    fn act(&mut self, action: Action<Value>) -> Result<(), String> {
        match action {
            Action::Open(request) => {
                let body = request.body.ok_or_else(|| format!("it polls {}", request.url))?;
                let body: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
                self.request = Some(request.id);
                self.cursor = body["jobs"][0]["cursor"].as_str().and_then(Cursor::parse);
            }
            Action::Abort(_) => self.request = None,
            Action::Document(_, document) => {
                let (epoch, seq) = (document["epoch"].as_str(), document["seq"].as_u64());
                let cursor =
                    epoch.zip(seq).map(|(epoch, seq)| Cursor::new(epoch, seq)).ok_or("a document without a cursor")?;
                if !self.newest.as_ref().is_none_or(|newest| newest.is_behind(&cursor)) {
                    return Err(format!("{cursor} is emitted again"));
                }
                self.newest = Some(cursor);
            }
            Action::Recreated(_) => self.lines = 0,
            Action::Log(_, log) => {
                if log.skipped.is_some() {
                    return Err("lacks lines: some were skipped, although the viewer was not slow".to_owned());
                }
                for line in &log.lines {
                    let bit = 1 << line["number"].as_u64().unwrap_or_default();
                    if self.lines & bit != 0 {
                        return Err(format!("{line} is emitted again"));
                    }
                    self.lines |= bit;
                }
            }
            Action::End(_) => self.done = true,
            Action::Problem(_, problem) => return Err(format!("{}: {}", problem.code, problem.message)),
            Action::Timer(_)
            | Action::Link(..)
            | Action::ServerTime(_)
            | Action::RenewToken(_)
            | Action::Unchanged(_) => {}
        }
        Ok(())
    }
}
