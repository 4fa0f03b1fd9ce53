//! The Durable Object of a job: its storage and its viewers. It commits first, then answers and broadcasts.

mod children;
mod commit;
mod control;
mod deliveries;
mod load;
mod notices;
mod reads;
mod store;
mod viewers;
mod writes;

use std::{
    cell::{Cell, RefCell},
    num::NonZeroU64,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use engine::{
    body,
    children::{ancestry::Ancestry, cancellation::Concerned},
    deadline::{self, AlarmOutcome},
    job::Job,
    kept_tags,
    lifecycle::Lifecycle,
    webhook::outbox::Outbox,
};
use js_sys::Promise;
use protocol::{
    Problem, Timestamp, control::ControlRequest, cursor::Cursor, id::JobId, include::Include, problem::Code,
};
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::future_to_promise;
use web_sys::{Request, Response};
use worker::{Env, State, worker_sys};

use crate::{
    command::{
        ANCESTRY_PARAMETER, BROADCAST_HEADER, CONCERNED_PARAMETER, Command, CommandRequest, CommandTime, Creates,
        HELD_PARAMETER, MOST_PARAMETER, PARENT_PARAMETER, PROJECT_PARAMETER, ROWS_HEADER, STARTED_HEADER,
        TAGS_PARAMETER, VIEWERS_HEADER, Viewer,
    },
    config::Config,
    feed::{PING, PONG},
    glue::{self, BodyHandler, Network},
    js,
    response::{self, ErrorResponse, HandlerResult, set},
};
use children::Counting;
use notices::Sending;
use store::{Former, Store};
use viewers::Viewers;

/// The time until the next try of an alarm that failed, for example because the storage is full.
const ALARM_RETRY_MS: u64 = 60_000;

/// The Durable Object class of a job. The name of an object is `<project>/<jobId>`, so that projects share nothing.
///
/// This is what `worker::durable_object` would generate, without the futures: a report is folded, committed and answered
/// in one synchronous run, and a future in each direction costs more than all of that.
#[allow(missing_debug_implementations, reason = "the handles of the platform inside have no `Debug`")]
#[wasm_bindgen]
pub struct JobObject(AssertUnwindSafe<Parts>);

/// If the build unwinds, a panic fails only its own call: what the call held is dropped on the way, and the job that it
/// had taken out is loaded again from storage.
struct Parts {
    object: Rc<Object>,
    /// Handles a command; made once, since a closure costs as much as a call.
    on_command: BodyHandler,
}

#[wasm_bindgen]
impl JobObject {
    /// Called when the platform constructs the object.
    #[wasm_bindgen(constructor)]
    pub fn new(state: worker_sys::DurableObjectState, env: Env) -> JobObject {
        let object = Rc::new(Object::new(State::from(state), &env));
        let on_command = {
            let object = Rc::clone(&object);
            Closure::own_assert_unwind_safe(move |url: String, body: Vec<u8>| object.handle(&url, &body))
        };
        JobObject(AssertUnwindSafe(Parts { object, on_command }))
    }

    /// Called with a command of the edge.
    pub fn fetch(&self, request: &Request) -> Promise {
        glue::with_body(request, &self.0.on_command)
    }

    /// Called by the alarm.
    pub fn alarm(&self) -> Promise {
        let object = Rc::clone(&self.0.object);
        future_to_promise(AssertUnwindSafe(async move {
            object.handle_alarm().await;
            Ok(JsValue::UNDEFINED)
        }))
    }

    /// Called with a message of a viewer; viewers have nothing to send.
    #[wasm_bindgen(js_name = webSocketMessage)]
    pub fn websocket_message(&self, _socket: JsValue, _message: JsValue) {}

    /// Called when a viewer left.
    #[wasm_bindgen(js_name = webSocketClose)]
    pub fn websocket_close(&self, socket: &web_sys::WebSocket, code: u16) {
        self.0.object.viewers.on_leave();
        // Closing a socket that is closed already fails, without consequences.
        let _ = if code == 1000 { socket.close_with_code(code) } else { socket.close() };
    }

    /// Called when the connection of a viewer broke.
    #[wasm_bindgen(js_name = webSocketError)]
    pub fn websocket_error(&self, _socket: JsValue, _error: JsValue) {
        self.0.object.viewers.on_leave();
    }
}

/// A job, its storage, its viewers.
struct Object {
    state: State,
    store: Rc<Store>,
    /// The job as it is in storage; `None` until it is loaded.
    job: RefCell<Option<Rc<Job>>>,
    /// The pending deliveries; empty until the job is loaded.
    outbox: RefCell<Outbox>,
    /// Whether the outbox is loaded.
    is_outbox_loaded: Cell<bool>,
    /// Whether the table of deliveries exists.
    has_deliveries: Cell<bool>,
    /// Whether an alarm is being handled.
    is_alarm_handled: Cell<bool>,
    /// The time of the alarm in the stored record, while an alarm is being handled.
    stored_alarm: Cell<Option<Timestamp>>,
    /// Wakes the handler of the alarm, and when it wakes by itself.
    wake: RefCell<Option<(js_sys::Function, Timestamp)>>,
    /// The project of the job, once a command has named it.
    project: RefCell<Option<String>>,
    /// The time of the last command, if the wall clock was set back.
    edge_now: Cell<Option<Timestamp>>,
    /// The notices of the job, and what a deleted one has left.
    notices: Sending,
    children: Counting,
    viewers: Viewers,
    started: Timestamp,
    config: Rc<Config>,
    /// The network for webhooks whose hosts the operator allows; Cloudflare has no private network.
    any_network: Option<Network>,
    /// The number of rows that the commit of this command wrote, the alarm included.
    rows: Cell<usize>,
}

impl Object {
    fn new(state: State, env: &Env) -> Object {
        let (store, viewers) = (Rc::new(Store::new(&state)), Viewers::new(&state));
        let config = Config::of(env);
        if config.dev {
            // Tests count these lines, to check that nothing wakes an object whose viewers only wait.
            worker::console_log!("{}", serde_json::json!({"level": "debug", "object": "an object came into memory"}));
        }
        if config.clustered {
            glue::answer_pings(state.as_raw(), PING, PONG);
        }
        Object {
            state,
            store,
            job: RefCell::default(),
            outbox: RefCell::default(),
            is_outbox_loaded: Cell::new(false),
            has_deliveries: Cell::new(false),
            is_alarm_handled: Cell::new(false),
            stored_alarm: Cell::default(),
            wake: RefCell::default(),
            project: RefCell::default(),
            edge_now: Cell::default(),
            notices: Sending::new(env),
            children: Counting::new(),
            viewers,
            started: js::now(),
            config,
            any_network: glue::network(env),
            rows: Cell::new(0),
        }
    }

    /// Handles a command; returns a response, or a promise of one if the command waits for the platform.
    fn handle(self: &Rc<Object>, url: &str, body: &[u8]) -> JsValue {
        match CommandRequest::parse(url) {
            Some(request) if request.command == Command::Delete && !request.requires_tags => {
                let (object, job_id) = (Rc::clone(self), request.text("job").to_owned());
                self.note_project(request.text(PROJECT_PARAMETER));
                let deletion = async move {
                    let response = object.finish(object.delete(&job_id).await);
                    object.send_new_notices();
                    Ok(response.into())
                };
                future_to_promise(AssertUnwindSafe(deletion)).into()
            }
            Some(request) if request.command == Command::Admit => {
                let (object, ancestry) = (Rc::clone(self), request.text(ANCESTRY_PARAMETER));
                self.note_project(request.text(PROJECT_PARAMETER));
                let ancestry = Ancestry::from_parameter(ancestry);
                let admission = async move { Ok(object.finish(object.admit(ancestry).await).into()) };
                future_to_promise(AssertUnwindSafe(admission)).into()
            }
            Some(request) => {
                let result = catch_unwind(AssertUnwindSafe(|| self.dispatch(&request, body)));
                self.send_new_notices();
                self.finish(result.unwrap_or_else(|_| Err(ErrorResponse::of_panic()))).into()
            }
            None => self.finish(unknown_command()).into(),
        }
    }

    fn finish(&self, result: HandlerResult) -> Response {
        let response = result.unwrap_or_else(ErrorResponse::into_response);
        if let Some(millis) = self.viewers.take_edge_timer() {
            set(&response.headers(), BROADCAST_HEADER, &millis.to_string());
        }
        if self.config.dev && response.status() != 101 {
            let headers = &response.headers();
            set(headers, STARTED_HEADER, &self.started.to_string());
            set(headers, VIEWERS_HEADER, &self.viewers.sockets().to_string());
            set(headers, ROWS_HEADER, &self.rows.take().to_string());
            #[cfg(feature = "leak-check")]
            if self.viewers.sockets() == 0 {
                set(headers, crate::command::HEAP_STATS_HEADER, &crate::leak_check::heap_stats());
            }
        }
        response
    }

    fn dispatch(&self, request: &CommandRequest, body: &[u8]) -> HandlerResult {
        #[cfg(feature = "fault-injection")]
        crate::fault_injection::in_the_object(body);
        let (job_id, time) = (request.text("job"), request.time());
        let reader = || NonZeroU64::new(request.number("reader"));
        let include = || Include::from_bits(u8::try_from(request.number("include")).unwrap_or_default());
        let held = Some(request.text(HELD_PARAMETER)).filter(|held| !held.is_empty());
        self.note_project(request.text(PROJECT_PARAMETER));
        self.edge_now.set(time.is_set_back.then_some(time.now));
        let tags = request.text(TAGS_PARAMETER);
        let required = if request.requires_tags { Some(self.check_tags(job_id, tags)?) } else { None };
        match request.command {
            Command::Create => self.create(job_id, body, request.flag("receipt"), held, time),
            Command::Report => {
                let reports = body::reports(body, request.flag("ndjson"))?;
                self.check_webhooks(job_id, &reports, held)?;
                if let Some(required) = required {
                    kept_tags::check(&required, &reports, job_id)?;
                }
                let parent = JobId::parse(request.text(PARENT_PARAMETER));
                let creates = Creates { missing: request.flag("create"), ended: request.flag("replace"), parent };
                self.report(job_id, reports, creates, time)
            }
            Command::Document => match request.text(MOST_PARAMETER).parse() {
                Ok(most) => self.document_up_to(job_id, include(), most),
                Err(_) => self.document(job_id, include(), request.text("view"), time.now),
            },
            Command::Logs => self.logs(job_id, request.number("after"), request.number("limit")),
            Command::Subscribe => {
                let cursor = Cursor::parse(request.text("cursor"));
                let (anyway, stays) = (request.flag("anyway"), request.flag("stays"));
                let viewer =
                    Viewer { include: include(), cursor: cursor.as_ref(), anyway, stays, reader: reader(), tags };
                self.subscribe(job_id, viewer, time)
            }
            Command::Broadcast => {
                self.viewers.broadcast_pending(time);
                Ok(response::empty(204))
            }
            Command::Control => match ControlRequest::parse(request.text("request")) {
                Some(control) => {
                    let concerned = Concerned::from_parameter(request.text(CONCERNED_PARAMETER));
                    self.control(job_id, control, body, request.flag("receipt"), concerned, time)
                }
                None => unknown_command(),
            },
            Command::AwaitControl => self.await_control(job_id, reader(), tags),
            Command::Deliveries => self.deliveries(job_id, request.number("after"), request.number("limit")),
            Command::Redeliver => self.redeliver(job_id, request.number("number"), time),
            Command::Child => self.take_child(body, time),
            // `handle` does these, since they wait for the platform. No token by tag may delete or create, so none gets here.
            Command::Delete | Command::Admit => unknown_command(),
        }
    }

    /// Drops the job from memory and ends the streams of its viewers.
    fn forget(&self, job_id: &str) {
        self.job.replace(None);
        self.viewers.dismiss(job_id, &Problem::job_not_found(job_id));
    }

    /// Applies the deadlines that are due.
    fn apply_deadlines(&self) -> Result<(), ErrorResponse> {
        while let Some(job) = self.load()? {
            let former = Former::Same(Lifecycle::of(&job.document));
            let outcome = deadline::on_alarm(&job, &self.outbox.borrow(), js::now());
            match outcome {
                AlarmOutcome::Changed(job) => self.commit(former, *job, &[], CommandTime::own())?,
                AlarmOutcome::Expired => {
                    if self.remove(&job, js::now())? {
                        store::delete_all(&self.state);
                    }
                }
                AlarmOutcome::Early(_) => return Ok(()),
            }
        }
        Ok(())
    }
}

fn unknown_command() -> HandlerResult {
    Err(Problem::new(Code::NotFound, "unknown command; edge and object run releases that do not work together").into())
}
