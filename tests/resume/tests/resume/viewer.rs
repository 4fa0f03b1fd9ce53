//! The viewer: the client's real connection, and what it has shown of its job.

use client::{Action, Connection, Input, JobKey, RequestId, Subscription, connection::ResponseHead};
use protocol::{cursor::Cursor, id::JobId, include::Include};
use serde_json::Value;

use crate::script::INCLUDE;

/// The only job there is has this key.
const KEY: JobKey = JobKey(1);
/// In this model nothing depends on how much time passes: every wait is over at once.
const NOW: u64 = 1_700_000_000_000;

/// What a person sees, and what the next connection begins with.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(crate) struct Viewer {
    connection: Connection<Value>,
    /// The stream that has been asked for.
    request: Option<RequestId>,
    /// From where on, until it begins.
    pub(crate) cursor: Option<Cursor>,
    /// The last document shown.
    pub(crate) newest: Option<Cursor>,
    /// The numbers of the log lines it has been told, a bit each.
    pub(crate) lines: u64,
    /// Whether it comes back no more.
    pub(crate) done: bool,
}

impl Viewer {
    /// A viewer who has asked for a stream.
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
        viewer.tell(Input::Timer).unwrap();
        viewer
    }

    /// The stream begins, with what the relay says at once: a stream that is cut before that makes a reader doubt streams,
    /// which is another story.
    pub(crate) fn connect(&mut self) -> Result<(), String> {
        let head = ResponseHead { status: 200, is_stream: true, ..Default::default() };
        let id = self.id();
        self.cursor = None;
        self.tell(Input::Head(id, head))?;
        self.tell(Input::Bytes(id, b": ok\n\n"))
    }

    /// Bytes of the stream are there.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> Result<(), String> {
        let id = self.id();
        self.tell(Input::Bytes(id, bytes))
    }

    /// The stream is over, or was cut.
    pub(crate) fn lose(&mut self, is_complete: bool) -> Result<(), String> {
        let id = self.id();
        self.tell(if is_complete { Input::Closed(id) } else { Input::Failed(id) })
    }

    fn id(&self) -> RequestId {
        self.request.unwrap_or_default()
    }

    fn tell(&mut self, input: Input) -> Result<(), String> {
        // A millisecond after it came, when those of that moment have been gathered.
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
                    epoch.zip(seq).map(|(epoch, seq)| Cursor::new(epoch, seq)).ok_or("a document of nothing")?;
                if !self.newest.as_ref().is_none_or(|newest| newest.is_behind(&cursor)) {
                    return Err(format!("{cursor} is shown again"));
                }
                self.newest = Some(cursor);
            }
            Action::Log(_, log) => {
                if log.skipped.is_some() {
                    return Err("lacks lines: some were skipped, though nobody was slow".to_owned());
                }
                for line in &log.lines {
                    let bit = 1 << line["number"].as_u64().unwrap_or_default();
                    if self.lines & bit != 0 {
                        return Err(format!("{line} is told again"));
                    }
                    self.lines |= bit;
                }
            }
            Action::End(_) => self.done = true,
            Action::Problem(_, problem) => return Err(format!("{}: {}", problem.code, problem.message)),
            Action::Timer(_) | Action::Link(..) | Action::ClockOffset(_) | Action::RenewToken(_) => {}
        }
        Ok(())
    }
}
