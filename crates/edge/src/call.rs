//! Calls from the edge to a job's object: the commands, and how their parts travel.

use engine::grant::Grant;
use protocol::{Problem, cursor::Cursor, id::JobId, include::Include, problem::Code};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use worker::{Env, Headers, Method, RequestInit, Response};

use crate::{
    answer::{Refusal, json_text, set},
    request::Body,
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

    /// The command at that path.
    pub(crate) fn at(path: &str) -> Option<Command> {
        Command::ALL.into_iter().find(|command| command.path() == path)
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
/// The header in which the object tells, on a developer's machine, how many bytes our code holds in its isolate.
pub(crate) const MEMORY_HEADER: &str = "Job-Wasm-Bytes";
/// What only a developer's machine is told, so that tests can see from outside what an object does.
pub(crate) const INSIGHTS: [&str; 4] = [STARTED_HEADER, VIEWERS_HEADER, ROWS_HEADER, MEMORY_HEADER];

#[wasm_bindgen]
extern "C" {
    /// A stub as the platform has it; `worker::Stub` turns errors into texts and loses what they are.
    type RawStub;

    #[wasm_bindgen(method, catch)]
    fn fetch(this: &RawStub, url: &str, init: &web_sys::RequestInit) -> Result<js_sys::Promise, JsValue>;
}

/// A job's object.
pub(crate) struct JobCall {
    stub: RawStub,
    id: JobId,
}

/// What the object answered.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Where the job stands, if there is a job.
    pub(crate) cursor: Option<Cursor>,
    pub(crate) poll_after_ms: Option<u64>,
    /// Those of [`INSIGHTS`] that it told, by name.
    pub(crate) insights: Vec<(&'static str, String)>,
    pub(crate) text: String,
}

impl Reply {
    /// The reply as the answer it is, when it is no success.
    pub(crate) fn success(self) -> Result<Reply, Response> {
        if self.status < 400 { Ok(self) } else { Err(json_text(self.status, self.text)) }
    }
}

impl JobCall {
    /// The object of a job in the project of `grant`.
    pub(crate) fn new(env: &Env, grant: &Grant, id: JobId) -> Result<JobCall, Refusal> {
        let stub = env.durable_object(BINDING)?.get_by_name(&grant.object_name(&id))?;
        Ok(JobCall { stub: stub.into_rpc(), id })
    }

    /// Makes the job.
    pub(crate) async fn create(&self, body: Body) -> Result<Reply, Refusal> {
        self.tell(Command::Create, &[], Some(body)).await
    }

    /// Reports to the job, making it first if `create`.
    pub(crate) async fn report(&self, body: Body, create: bool) -> Result<Reply, Refusal> {
        self.tell(Command::Report, &[("create", create.to_string())], Some(body)).await
    }

    /// Asks for the document.
    pub(crate) async fn document(&self, include: Include, view: &str) -> Result<Reply, Refusal> {
        let parameters = [("include", include.bits().to_string()), ("view", view.to_owned())];
        self.tell(Command::Document, &parameters, None).await
    }

    /// Asks for log lines.
    pub(crate) async fn logs(&self, after: u64, limit: u64) -> Result<Reply, Refusal> {
        self.tell(Command::Logs, &[("after", after.to_string()), ("limit", limit.to_string())], None).await
    }

    /// Forgets the job.
    pub(crate) async fn delete(&self) -> Result<Reply, Refusal> {
        self.tell(Command::Delete, &[], None).await
    }

    /// Becomes a viewer; the answer is 101 with a socket, or says why not: 204 when the reader has seen the end and does
    /// not want to be told `anyway`.
    pub(crate) async fn subscribe(
        &self,
        include: Include,
        cursor: Option<&Cursor>,
        anyway: bool,
    ) -> Result<Response, Refusal> {
        let mut parameters = vec![("include", include.bits().to_string()), ("anyway", anyway.to_string())];
        if let Some(cursor) = cursor {
            parameters.push(("cursor", cursor.to_string()));
        }
        Ok(self.send(Command::Subscribe, &parameters, None).await?.into())
    }

    async fn tell(
        &self,
        command: Command,
        parameters: &[(&str, String)],
        body: Option<Body>,
    ) -> Result<Reply, Refusal> {
        let response = self.send(command, parameters, body).await?;
        let header = |name| response.headers().get(name).ok().flatten();
        // At once: `worker` would read the body piece by piece, each a turn of the event loop.
        let text = JsFuture::from(response.text()?).await?;
        Ok(Reply {
            status: response.status(),
            cursor: header(CURSOR_HEADER).as_deref().and_then(Cursor::parse),
            poll_after_ms: header(POLL_HEADER).and_then(|millis| millis.parse().ok()),
            insights: INSIGHTS.into_iter().filter_map(|name| Some((name, header(name)?))).collect(),
            text: text.as_string().unwrap_or_default(),
        })
    }

    async fn send(
        &self,
        command: Command,
        parameters: &[(&str, String)],
        body: Option<Body>,
    ) -> Result<web_sys::Response, Refusal> {
        // Job ids and our own parameters hold nothing that a URL would change; only `:` and `~` are not letters or so.
        let mut url = format!("https://job{}?job={}", command.path(), self.id);
        for (name, value) in parameters {
            url.push_str(&format!("&{name}={value}"));
        }
        let headers = Headers::new();
        let mut init = RequestInit::new();
        if command == Command::Subscribe {
            set(&headers, "Upgrade", "websocket");
        }
        if let Some(body) = body {
            set(&headers, "Content-Type", body.media_type());
            init.with_body(Some(js_sys::Uint8Array::from(body.bytes.as_slice()).into()));
        }
        let posts = matches!(command, Command::Create | Command::Report | Command::Delete);
        init.with_method(if posts { Method::Post } else { Method::Get }).with_headers(headers);
        let promise = self.stub.fetch(&url, &web_sys::RequestInit::from(&init)).map_err(|error| refuse(&error))?;
        let response = JsFuture::from(promise).await.map_err(|error| refuse(&error))?;
        Ok(web_sys::Response::from(response))
    }
}

/// The runtime retries what may be retried; an object that has too much to do must be left alone
/// (<https://developers.cloudflare.com/durable-objects/best-practices/error-handling/>).
fn refuse(error: &JsValue) -> Refusal {
    let overloaded = js_sys::Reflect::get(error, &"overloaded".into()).is_ok_and(|overloaded| overloaded.is_truthy());
    if overloaded {
        let message = "The job has more to do than it can; try again in a few seconds, and send reports in arrays";
        return Problem::new(Code::Overloaded, message).into();
    }
    Refusal::from(error.clone())
}
