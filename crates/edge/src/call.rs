//! Calls from the edge to a job's object: the commands, and how their parts travel.

use std::cell::RefCell;

use engine::grant::Grant;
use protocol::{Problem, cursor::Cursor, id::JobId, include::Include, limits::REPORTS_BYTES, problem::Code};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;
use worker::Env;

use crate::{
    answer::{Refusal, json_text, set},
    crossing::{self, Namespace},
    incoming::Incoming,
    request::{self, Announced},
};

/// The binding of the objects in wrangler.toml.
const BINDING: &str = "JOBS";

/// What the object can be told to do. Edge and object of neighbouring releases must understand each other: commands and
/// parameters are only ever added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Make the job with this body.
    Create,
    /// Fold these reports in.
    Report,
    /// Tell the document.
    Document,
    /// Tell log lines.
    Logs,
    /// Take this socket as a viewer.
    Subscribe,
    /// Forget the job.
    Delete,
}

impl Command {
    const ALL: [Command; 6] =
        [Command::Create, Command::Report, Command::Document, Command::Logs, Command::Subscribe, Command::Delete];

    fn path(self) -> &'static str {
        match self {
            Command::Create => "/create",
            Command::Report => "/report",
            Command::Document => "/document",
            Command::Logs => "/logs",
            Command::Subscribe => "/subscribe",
            Command::Delete => "/delete",
        }
    }

    /// Whether it may change the job.
    fn changes(self) -> bool {
        matches!(self, Command::Create | Command::Report | Command::Delete)
    }

    /// Whether it comes with a body.
    pub(crate) fn has_body(self) -> bool {
        matches!(self, Command::Create | Command::Report)
    }
}

/// The header in which the object tells where the job stands, as a cursor.
pub(crate) const CURSOR_HEADER: &str = "Job-Cursor";
/// The header in which the object tells when polling again makes sense, in milliseconds; absent after the end.
pub(crate) const POLL_HEADER: &str = "Job-Poll-After-Ms";
/// The header in which the object tells, on a developer's machine, when it came into memory.
pub(crate) const STARTED_HEADER: &str = "Job-Object-Started";
/// The header in which the object tells, on a developer's machine, how many viewers' sockets it holds.
pub(crate) const VIEWERS_HEADER: &str = "Job-Viewers";
/// The header in which the object tells, on a developer's machine, how many rows this call has written.
pub(crate) const ROWS_HEADER: &str = "Job-Rows-Written";
/// The header in which the object tells, in a build for tests and while nobody watches, what the instance holds.
pub(crate) const HEAP_STATS_HEADER: &str = "Job-Heap-Stats";
/// What only a developer's machine is told, so that tests can see from outside what an object does.
pub(crate) const INSIGHTS: [&str; 4] = [STARTED_HEADER, VIEWERS_HEADER, ROWS_HEADER, HEAP_STATS_HEADER];

/// A job's object.
pub(crate) struct JobCall {
    pub(crate) namespace: Namespace,
    /// What the object is called.
    pub(crate) name: String,
    id: JobId,
}

/// What the object answered.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Where the job stands, if there is a job.
    pub(crate) cursor: Option<Cursor>,
    pub(crate) poll_after_ms: Option<u64>,
    pub(crate) text: String,
}

impl Reply {
    /// The reply as the answer it is, when it is no success.
    pub(crate) fn success(self) -> Result<Reply, Response> {
        if self.status < 400 { Ok(self) } else { Err(json_text(self.status, &self.text)) }
    }

    async fn of(response: &Response) -> Result<Reply, Refusal> {
        let headers = response.headers();
        let header = |name| headers.get(name).ok().flatten();
        // At once: `worker` would read the body piece by piece, each a turn of the event loop.
        let text = JsFuture::from(response.text()?).await?;
        Ok(Reply {
            status: response.status(),
            cursor: header(CURSOR_HEADER).as_deref().and_then(Cursor::parse),
            poll_after_ms: header(POLL_HEADER).and_then(|millis| millis.parse().ok()),
            text: text.as_string().unwrap_or_default(),
        })
    }
}

thread_local! {
    /// The objects; the binding never changes while an isolate lives.
    static NAMESPACE: RefCell<Option<Namespace>> = const { RefCell::new(None) };
}

impl JobCall {
    /// The object of a job in the project of `grant`.
    pub(crate) fn new(env: &Env, grant: &Grant, id: JobId) -> JobCall {
        let namespace = NAMESPACE.with_borrow_mut(|known| {
            let bound = || js_sys::Reflect::get(env, &BINDING.into()).unwrap_or_default().unchecked_into();
            known.get_or_insert_with(bound).clone()
        });
        JobCall { namespace, name: grant.object_name(&id), id }
    }

    /// Makes the job with that body.
    pub(crate) async fn create(&self, body: &[u8]) -> Result<Response, Refusal> {
        self.send(Command::Create, &self.url(Command::Create, &[]), Some(body)).await
    }

    /// Reports to the job with the body of `request`, of which `announced` says what the edge must know, making the job
    /// first if `create`.
    pub(crate) async fn report(
        &self,
        request: &Incoming,
        announced: &Announced,
        create: bool,
    ) -> Result<Response, Refusal> {
        let url = self.report_url(announced, create);
        if announced.bytes.is_none() {
            let body = request::bytes_up_to(request, REPORTS_BYTES).await?;
            return self.send(Command::Report, &url, Some(&body)).await;
        }
        // It goes on as it is: what it holds concerns the object alone.
        let response = crossing::forward(&self.namespace, &self.name, &url, request.inner());
        JsFuture::from(response).await.map_err(|error| refuse(&error))
    }

    /// Where a report goes.
    pub(crate) fn report_url(&self, announced: &Announced, create: bool) -> String {
        let parameters = [("create", create.to_string()), ("ndjson", announced.ndjson.to_string())];
        self.url(Command::Report, &parameters)
    }

    /// Asks for the document.
    pub(crate) async fn document(&self, include: Include, view: &str) -> Result<Reply, Refusal> {
        let parameters = [("include", include.bits().to_string()), ("view", view.to_owned())];
        self.tell(Command::Document, &parameters).await
    }

    /// Asks for log lines.
    pub(crate) async fn logs(&self, after: u64, limit: u64) -> Result<Reply, Refusal> {
        self.tell(Command::Logs, &[("after", after.to_string()), ("limit", limit.to_string())]).await
    }

    /// Forgets the job.
    pub(crate) async fn delete(&self) -> Result<Reply, Refusal> {
        self.tell(Command::Delete, &[]).await
    }

    /// Becomes a viewer; the answer is 101 with a socket, or says why not: 204 when the reader has seen the end and does
    /// not want to be told `anyway`.
    pub(crate) async fn subscribe(
        &self,
        include: Include,
        cursor: Option<&Cursor>,
        anyway: bool,
    ) -> Result<worker::Response, Refusal> {
        let mut parameters = vec![("include", include.bits().to_string()), ("anyway", anyway.to_string())];
        if let Some(cursor) = cursor {
            parameters.push(("cursor", cursor.to_string()));
        }
        Ok(self.send(Command::Subscribe, &self.url(Command::Subscribe, &parameters), None).await?.into())
    }

    async fn tell(&self, command: Command, parameters: &[(&str, String)]) -> Result<Reply, Refusal> {
        Reply::of(&self.send(command, &self.url(command, parameters), None).await?).await
    }

    async fn send(&self, command: Command, url: &str, body: Option<&[u8]>) -> Result<Response, Refusal> {
        let init = web_sys::RequestInit::new();
        init.set_method(if command.changes() { "POST" } else { "GET" });
        if command == Command::Subscribe {
            let headers = web_sys::Headers::new()?;
            set(&headers, "Upgrade", "websocket");
            init.set_headers(&headers);
        }
        if let Some(body) = body {
            init.set_body(&js_sys::Uint8Array::from(body));
        }
        let response = crossing::call(&self.namespace, &self.name, url, &init);
        JsFuture::from(response.map_err(|error| refuse(&error))?).await.map_err(|error| refuse(&error))
    }

    fn url(&self, command: Command, parameters: &[(&str, String)]) -> String {
        // Job ids and our own parameters hold nothing that a URL would change; only `:` and `~` are not letters or so.
        let mut url = format!("https://job{}?job={}", command.path(), self.id);
        for (name, value) in parameters {
            for part in ["&", name, "=", value] {
                url.push_str(part);
            }
        }
        url
    }
}

/// A call as the object hears it.
pub(crate) struct Heard<'a> {
    pub(crate) command: Command,
    query: &'a str,
}

impl<'a> Heard<'a> {
    /// The call to that URL; `None` for a command that this release does not know.
    pub(crate) fn read(url: &'a str) -> Option<Heard<'a>> {
        let path = url.strip_prefix("https://job")?;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let command = Command::ALL.into_iter().find(|command| command.path() == path)?;
        Some(Heard { command, query })
    }

    /// The parameter of that name, empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        let mut parameters = self.query.split('&').filter_map(|parameter| parameter.split_once('='));
        parameters.find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Whether the parameter of that name is true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The parameter of that name as a number, 0 where there is none.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or_default()
    }
}

/// The runtime retries what may be retried; an object that has too much to do must be left alone
/// (<https://developers.cloudflare.com/durable-objects/best-practices/error-handling/>).
pub(crate) fn refuse(error: &JsValue) -> Refusal {
    let overloaded = js_sys::Reflect::get(error, &"overloaded".into()).is_ok_and(|overloaded| overloaded.is_truthy());
    if overloaded {
        let message = "The job has more to do than it can; try again in a few seconds, and send reports in arrays";
        return Problem::new(Code::Overloaded, message).into();
    }
    Refusal::from(error.clone())
}
