//! The stub of a job's object: the calls that the edge makes, and the replies.

use std::{cell::RefCell, num::NonZeroU64};

use engine::{
    body::{BodyHeaders, incomplete},
    called::Called,
    children::ancestry::Ancestry,
    grant::Grant,
    permission::{Permission, Permissions},
    tags::RequiredTags,
};
use js_sys::Uint8Array;
use protocol::{Problem, control::ControlRequest, cursor::Cursor, id::JobId, include::Include};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;
use worker::Env;

use crate::{
    body,
    bytes::Bytes,
    clock,
    command::{
        ANCESTRY_PARAMETER, BYTES_HEADER, CONTROL_HEADER, CURSOR_HEADER, Command, Creates, HELD_PARAMETER,
        MOST_PARAMETER, NOW_PARAMETER, PARENT_PARAMETER, POLL_HEADER, PROJECT_PARAMETER, Viewer,
    },
    config::Config,
    glue::{self, Namespace},
    request::IncomingRequest,
    response::{ErrorResponse, json_text, set},
};

/// The binding of the objects in wrangler.toml.
const BINDING: &str = "JOBS";

/// The calls to objects that one request makes at a time: the platform lets six calls wait for their replies, and one of
/// them is left for the rate limiter.
pub(crate) const CALLS_AT_ONCE: usize = 5;

/// The name of the error of a call that was [given up](crate::call_timeout).
const TOO_LATE: &str = "AbortError";

/// The object of a job.
pub(crate) struct JobStub {
    pub(crate) namespace: Namespace,
    /// The name of the object.
    pub(crate) name: String,
    id: JobId,
    project: String,
    /// The permissions of a credential that may not read the job.
    held: Option<Permissions>,
    /// The tags that the job must carry for the credential.
    tags: Option<String>,
}

/// The reply of an object.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The cursor of the job, if there is a job.
    pub(crate) cursor: Option<Cursor>,
    /// The version of the control state, if there is a job.
    pub(crate) control_version: Option<String>,
    pub(crate) poll_after_ms: Option<u64>,
    pub(crate) text: String,
}

impl Reply {
    /// The reply, or the response to the caller if it is an error.
    pub(crate) fn success(self) -> Result<Reply, Response> {
        if self.status < 400 { Ok(self) } else { Err(json_text(self.status, &self.text)) }
    }

    /// Reads the reply to its end.
    pub(crate) async fn read(response: &Response) -> Result<Reply, ErrorResponse> {
        let headers = response.headers();
        let header = |name| headers.get(name).ok().flatten();
        // All at once: `worker` would read the body in pieces, each in a turn of the event loop.
        let text = JsFuture::from(response.text()?).await.map_err(|error| call_error(Called::Job, &error))?;
        Ok(Reply {
            status: response.status(),
            cursor: header(CURSOR_HEADER).as_deref().and_then(Cursor::parse),
            control_version: header(CONTROL_HEADER),
            poll_after_ms: header(POLL_HEADER).and_then(|millis| millis.parse().ok()),
            text: text.as_string().unwrap_or_default(),
        })
    }
}

/// The reply to a request for a document of at most so many bytes.
pub(crate) enum BoundedReply {
    /// The document as JSON.
    Document(Bytes),
    /// The document has at least this many bytes, which are more than it may have.
    TooLarge { bytes: usize },
    /// The problem of the job as JSON.
    Problem(String),
}

impl BoundedReply {
    async fn read(response: &Response) -> Result<BoundedReply, ErrorResponse> {
        if let Some(bytes) = response.headers().get(BYTES_HEADER)?.and_then(|bytes| bytes.parse().ok()) {
            return Ok(BoundedReply::TooLarge { bytes });
        }
        if response.status() >= 400 {
            return Ok(BoundedReply::Problem(Reply::read(response).await?.text));
        }
        let buffer = JsFuture::from(response.array_buffer()?).await.map_err(|error| call_error(Called::Job, &error))?;
        Ok(BoundedReply::Document(Bytes(Uint8Array::new(&buffer))))
    }
}

thread_local! {
    /// The objects; a binding never changes during the life of an isolate.
    static NAMESPACE: RefCell<Option<Namespace>> = const { RefCell::new(None) };
}

/// The objects of all jobs.
pub(crate) fn namespace(env: &Env) -> Namespace {
    NAMESPACE.with_borrow_mut(|known| {
        let bound = || js_sys::Reflect::get(env, &BINDING.into()).unwrap_or_default().unchecked_into();
        known.get_or_insert_with(bound).clone()
    })
}

impl JobStub {
    /// The object of a job in the project of `grant`.
    ///
    /// # Errors
    ///
    /// `OVERLOADED` if the server has no place for the object in memory.
    pub(crate) fn new(env: &Env, grant: &Grant, id: JobId) -> Result<JobStub, Problem> {
        let name = grant.object_name(&id);
        Config::of(env).check_object(&name)?;
        let namespace = namespace(env);
        let held = (!grant.permissions.contains(Permission::Read)).then_some(grant.permissions);
        let tags = grant.required_tags().map(RequiredTags::to_parameter);
        Ok(JobStub { namespace, name, id, project: grant.project.clone(), held, tags })
    }

    /// Creates the job with this body. The reply has the document, or only a receipt.
    pub(crate) async fn create(&self, body: &[u8], receipt: bool) -> Result<Response, ErrorResponse> {
        self.send(Command::Create, &[("receipt", receipt.to_string())], Some(body)).await
    }

    /// Says whether a job may be created as a child of this one.
    pub(crate) async fn admit(&self, ancestry: &Ancestry) -> Result<Reply, ErrorResponse> {
        self.ask(Command::Admit, &[(ANCESTRY_PARAMETER, ancestry.to_parameter())]).await
    }

    /// Applies the reports in the body of `request`; `creates` says in which cases they make a new job.
    pub(crate) async fn report(
        &self,
        request: &IncomingRequest,
        headers: &BodyHeaders,
        creates: Creates,
    ) -> Result<Response, ErrorResponse> {
        if headers.bytes.is_none() {
            let body = body::read_reports(request, headers).await?;
            return self.report_bytes(&body, headers, &creates).await;
        }
        // The edge need not read the body: only the object parses it.
        let url = self.url(Command::Report, &report_parameters(headers, &creates));
        let response = glue::forward(&self.namespace, &self.name, &url, request.inner());
        JsFuture::from(response).await.map_err(|error| call_error(Called::Job, &error))
    }

    /// The same with a body that was read.
    pub(crate) async fn report_bytes(
        &self,
        body: &[u8],
        headers: &BodyHeaders,
        creates: &Creates,
    ) -> Result<Response, ErrorResponse> {
        self.send(Command::Report, &report_parameters(headers, creates), Some(body)).await
    }

    /// The URL to which reports are sent.
    pub(crate) fn report_url(&self, headers: &BodyHeaders, creates: Creates) -> String {
        self.url(Command::Report, &report_parameters(headers, &creates))
    }

    /// Returns the document.
    pub(crate) async fn document(&self, include: Include, view: &str) -> Result<Reply, ErrorResponse> {
        let parameters = [("include", include.bits().to_string()), ("view", view.to_owned())];
        self.ask(Command::Document, &parameters).await
    }

    /// Returns the document if it has at most `most` bytes.
    pub(crate) async fn document_up_to(&self, include: Include, most: usize) -> Result<BoundedReply, ErrorResponse> {
        let parameters = [("include", include.bits().to_string()), (MOST_PARAMETER, most.to_string())];
        BoundedReply::read(&self.send(Command::Document, &parameters, None).await?).await
    }

    /// Returns log lines.
    pub(crate) async fn logs(&self, after: u64, limit: u64) -> Result<Reply, ErrorResponse> {
        self.ask(Command::Logs, &[("after", after.to_string()), ("limit", limit.to_string())]).await
    }

    /// Deletes the job.
    pub(crate) async fn delete(&self) -> Result<Reply, ErrorResponse> {
        self.ask(Command::Delete, &[]).await
    }

    /// Subscribes as a viewer. The response is 101 with a socket, or an error; or 204 if the reader has seen the end of the job
    /// and does not want it `anyway`.
    pub(crate) async fn subscribe(&self, viewer: Viewer<'_>) -> Result<worker::Response, ErrorResponse> {
        let mut parameters = vec![
            ("include", viewer.include.bits().to_string()),
            ("anyway", viewer.anyway.to_string()),
            ("stays", viewer.stays.to_string()),
        ];
        if let Some(cursor) = viewer.cursor {
            parameters.push(("cursor", cursor.to_string()));
        }
        if let Some(reader) = viewer.reader {
            parameters.push(("reader", reader.to_string()));
        }
        Ok(self.send(Command::Subscribe, &parameters, None).await?.into())
    }

    /// Sends what is pending to the viewers.
    pub(crate) async fn broadcast(&self) -> Result<Reply, ErrorResponse> {
        self.ask(Command::Broadcast, &[]).await
    }

    /// Returns deliveries.
    pub(crate) async fn deliveries(&self, after: u64, limit: u64) -> Result<Reply, ErrorResponse> {
        self.ask(Command::Deliveries, &[("after", after.to_string()), ("limit", limit.to_string())]).await
    }

    /// Sends a delivery again.
    pub(crate) async fn redeliver(&self, number: u64) -> Result<Reply, ErrorResponse> {
        self.ask(Command::Redeliver, &[("number", number.to_string())]).await
    }

    /// The URL of a command. One that may change the job has the project; all have the tags that the job must carry, and the
    /// time if the clock was set back.
    fn url(&self, command: Command, parameters: &[(&str, String)]) -> String {
        let mut url = command.url(self.id.as_str(), self.tags.as_deref(), parameters);
        if command.method() == "POST" {
            url.push_str(&format!("&{PROJECT_PARAMETER}={}", self.project));
            if let Some(held) = self.held {
                url.push_str(&format!("&{HELD_PARAMETER}={held}"));
            }
        }
        if let Some(now) = clock::if_set_back() {
            url.push_str(&format!("&{NOW_PARAMETER}={}", now.millis()));
        }
        url
    }

    /// Makes a control request with the options in `body`. The reply has the document, or only a receipt.
    pub(crate) async fn control(
        &self,
        request: ControlRequest,
        body: &[u8],
        receipt: bool,
    ) -> Result<Response, ErrorResponse> {
        let parameters = [("request", request.as_str().to_owned()), ("receipt", receipt.to_string())];
        self.send(Command::Control, &parameters, Some(body)).await
    }

    /// Returns the state of the job and the pending control request.
    pub(crate) async fn control_state(&self) -> Result<Reply, ErrorResponse> {
        self.document(Include::NONE, "control").await
    }

    /// Waits for control requests; `reader` is as in [`Viewer`]. The response is 101 with a socket, or an error.
    pub(crate) async fn await_control(&self, reader: Option<NonZeroU64>) -> Result<worker::Response, ErrorResponse> {
        let parameters: Vec<_> = reader.map(|reader| ("reader", reader.to_string())).into_iter().collect();
        Ok(self.send(Command::AwaitControl, &parameters, None).await?.into())
    }

    async fn ask(&self, command: Command, parameters: &[(&str, String)]) -> Result<Reply, ErrorResponse> {
        Reply::read(&self.send(command, parameters, None).await?).await
    }

    async fn send(
        &self,
        command: Command,
        parameters: &[(&str, String)],
        body: Option<&[u8]>,
    ) -> Result<Response, ErrorResponse> {
        let init = web_sys::RequestInit::new();
        init.set_method(command.method());
        if command.opens_socket() {
            let headers = web_sys::Headers::new()?;
            set(&headers, "Upgrade", "websocket");
            init.set_headers(&headers);
        }
        if let Some(body) = body {
            init.set_body(&Uint8Array::from(body));
        }
        let url = self.url(command, parameters);
        let response = glue::call(&self.namespace, &self.name, &url, &init);
        JsFuture::from(response.map_err(|error| call_error(Called::Job, &error))?)
            .await
            .map_err(|error| call_error(Called::Job, &error))
    }
}

fn report_parameters(headers: &BodyHeaders, creates: &Creates) -> Vec<(&'static str, String)> {
    let mut parameters = vec![
        ("create", creates.missing.to_string()),
        ("replace", creates.ended.to_string()),
        ("ndjson", headers.ndjson.to_string()),
    ];
    parameters.extend(creates.parent.as_ref().map(|parent| (PARENT_PARAMETER, parent.to_string())));
    parameters
}

/// The response to a call that failed. The runtime retries what may be retried; an overloaded object must not be called
/// again at once (<https://developers.cloudflare.com/durable-objects/best-practices/error-handling/>).
pub(crate) fn call_error(called: Called, error: &JsValue) -> ErrorResponse {
    let value = |name: &str| js_sys::Reflect::get(error, &name.into()).unwrap_or_default();
    if value("incomplete").is_truthy() {
        return incomplete().into();
    }
    if value("overloaded").is_truthy() {
        return called.overloaded().into();
    }
    // The object did not fail: it could not be reached, or is moving to another machine. The property is not on errors that the
    // object itself throws. Nor did it fail if it has not answered in the time that the call gave it.
    if value("retryable").is_truthy() || value("name").as_string().is_some_and(|name| name == TOO_LATE) {
        return ErrorResponse::unreachable(called, &worker::Error::from(error.clone()));
    }
    ErrorResponse::from(error.clone())
}
