//! The JobObject: one job, its storage, its viewers. Commit first, then answer and broadcast.

mod store;
mod viewers;

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use engine::{
    accept::{self, Acceptance},
    expiry, flask, idempotency,
    job::Job,
    log, poll,
    subscription::{self, Admission},
    tensorlake,
};
use js_sys::Promise;
use protocol::{
    Problem, Status, Timestamp, creation::Creation, cursor::Cursor, id, include::Include, json, limits::LOG_LINES_NEW,
    log_line::LogLine, problem::Code, report::Reports,
};
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::future_to_promise;
use web_sys::{Request, Response};
use worker::{Env, State, WebSocketPair, worker_sys};

use crate::{
    answer::{self, Answer, Refusal, set, text_of},
    call::{CURSOR_HEADER, Command, Heard, POLL_HEADER, ROWS_HEADER, STARTED_HEADER, VIEWERS_HEADER},
    config::Config,
    crossing::{self, Taker},
    js, request,
};
use store::Store;
use viewers::Viewers;

/// A job, as the platform sees it. Its name is `<project>/<jobId>`, so that two projects cannot meet.
///
/// What `worker::durable_object` would write for us, but for the futures: a report is folded, committed and answered in
/// one synchronous run, and a future each way costs more than all of that.
#[allow(missing_debug_implementations, reason = "the handles of the platform inside have no `Debug`")]
#[wasm_bindgen]
pub struct JobObject(AssertUnwindSafe<Parts>);

/// A panic ends its call alone, where the build unwinds: what it held is let go on the way, and what it had taken out to
/// change is read again from storage.
struct Parts {
    object: Rc<Object>,
    /// Hears the calls that come with a body; made once, since a closure costs as much as a call.
    on_body: Taker,
}

#[wasm_bindgen]
impl JobObject {
    /// The object comes into memory.
    #[wasm_bindgen(constructor)]
    pub fn new(state: worker_sys::DurableObjectState, env: Env) -> JobObject {
        let object = Rc::new(Object::new(State::from(state), &env));
        let on_body = {
            let object = Rc::clone(&object);
            Closure::own_assert_unwind_safe(move |url: String, body: Vec<u8>| object.hear(&url, &body))
        };
        JobObject(AssertUnwindSafe(Parts { object, on_body }))
    }

    /// The edge calls.
    pub fn fetch(&self, request: &Request) -> Promise {
        let url = request.url();
        match Heard::read(&url).map(|heard| heard.command) {
            Some(command) if command.has_body() => crossing::with_body(request, &self.0.on_body),
            Some(Command::Delete) => {
                let object = Rc::clone(&self.0.object);
                future_to_promise(AssertUnwindSafe(async move { Ok(object.delete(&url).await.into()) }))
            }
            _ => Promise::resolve(&JsValue::from(self.0.object.hear(&url, &[]))),
        }
    }

    /// The alarm rings.
    pub fn alarm(&self) {
        // An alarm that fails is tried six times and then forgotten, so it never fails: it sets the next one, last.
        if let Err(refusal) = self.0.object.fall_due() {
            worker::console_error!("{}", serde_json::json!({"level": "error", "alarm": refusal.problem().message()}));
        }
    }

    /// A viewer says something, though it has nothing to say.
    #[wasm_bindgen(js_name = webSocketMessage)]
    pub fn websocket_message(&self, _socket: JsValue, _message: JsValue) {}

    /// A viewer left.
    #[wasm_bindgen(js_name = webSocketClose)]
    pub fn websocket_close(&self, socket: &web_sys::WebSocket, code: u16) {
        self.0.object.viewers.left();
        // Answering twice is an error that means nothing.
        let _ = if code == 1000 { socket.close_with_code(code) } else { socket.close() };
    }

    /// A viewer was cut off.
    #[wasm_bindgen(js_name = webSocketError)]
    pub fn websocket_error(&self, _socket: JsValue, _error: JsValue) {
        self.0.object.viewers.left();
    }
}

/// A job, its storage, its viewers.
struct Object {
    state: State,
    store: Store,
    /// The job as storage has it; `None` until somebody asked.
    job: RefCell<Option<Rc<Job>>>,
    viewers: Viewers,
    started: Timestamp,
    config: Rc<Config>,
    /// How many rows the commit of this call wrote, the alarm among them.
    rows: Cell<usize>,
}

impl Object {
    fn new(state: State, env: &Env) -> Object {
        let (store, viewers) = (Store::of(&state), Viewers::new(&state));
        let config = Config::of(env);
        if config.dev {
            // Tests count these, to know that nothing wakes an object whose viewers only wait.
            worker::console_log!("{}", serde_json::json!({"level": "debug", "object": "an object came into memory"}));
        }
        Object { state, store, job: RefCell::default(), viewers, started: js::now(), config, rows: Cell::new(0) }
    }

    /// Answers a call.
    fn hear(&self, url: &str, body: &[u8]) -> Response {
        let answered = catch_unwind(AssertUnwindSafe(|| match Heard::read(url) {
            Some(heard) => self.obey(&heard, body),
            None => Err(Problem::new(Code::NotFound, "no such command").into()),
        }));
        self.finish(answered.unwrap_or_else(|_| Err(Refusal::of_panic())))
    }

    fn finish(&self, answered: Answer) -> Response {
        let response = answered.unwrap_or_else(Refusal::into_response);
        if self.config.dev && response.status() != 101 {
            let headers = &response.headers();
            set(headers, STARTED_HEADER, &self.started.to_string());
            set(headers, VIEWERS_HEADER, &self.viewers.sockets().to_string());
            set(headers, ROWS_HEADER, &self.rows.take().to_string());
            #[cfg(feature = "leak-check")]
            if self.viewers.sockets() == 0 {
                set(headers, crate::call::HEAP_STATS_HEADER, &crate::leak_check::heap_stats());
            }
        }
        response
    }

    fn obey(&self, heard: &Heard, body: &[u8]) -> Answer {
        #[cfg(feature = "fault-injection")]
        crate::fault_injection::in_the_object(body);
        let job_id = heard.text("job");
        let include = || Include::from_bits(u8::try_from(heard.number("include")).unwrap_or_default());
        match heard.command {
            Command::Create => self.create(job_id, body),
            Command::Report => {
                let reports = request::reports(body, heard.flag("ndjson"))?;
                self.report(job_id, reports, heard.flag("create"))
            }
            Command::Document => self.document(job_id, include(), heard.text("view")),
            Command::Logs => self.logs(job_id, heard.number("after"), heard.number("limit")),
            Command::Subscribe => {
                let cursor = Cursor::parse(heard.text("cursor"));
                self.subscribe(job_id, include(), cursor.as_ref(), heard.flag("anyway"))
            }
            // It waits for the platform, and is heard elsewhere.
            Command::Delete => Err(Problem::new(Code::NotFound, "no such command").into()),
        }
    }

    /// The job, if there is one.
    fn load(&self) -> Result<Option<Rc<Job>>, Refusal> {
        if let Some(job) = self.job.borrow().as_ref() {
            return Ok(Some(Rc::clone(job)));
        }
        let job = self.store.load()?.map(Rc::new);
        self.job.replace(job.clone());
        Ok(job)
    }

    fn find(&self, job_id: &str) -> Result<Rc<Job>, Refusal> {
        self.load()?.ok_or_else(|| Problem::job_not_found(job_id).into())
    }

    fn create(&self, job_id: &str, body: &[u8]) -> Answer {
        let value = json::parse(body)?;
        let digest = idempotency::digest(&value);
        if let Some(job) = self.load()? {
            idempotency::check_recreation(&job, &digest)?;
            return Ok(answer::json(200, job.document.view(Include::NONE).as_ref()));
        }
        let creation = Creation::from_json(value)?;
        let now = js::now();
        let mut new = new_job(job_id, now);
        new.record.created_with = Some(digest);
        let made = accept::create(new, Reports::One(Box::new(creation.report)), now)?;
        self.commit(None, made.job, &made.lines)?;
        let job = self.find(job_id)?;
        Ok(answer::json(201, job.document.view(Include::NONE).as_ref()))
    }

    fn report(&self, job_id: &str, reports: Reports, create: bool) -> Answer {
        let now = js::now();
        // Taken out, so that it need not be copied; whatever becomes of it, what is put back is what storage has.
        let (before, accepted) = match self.load()? {
            Some(job) => {
                self.job.replace(None);
                (Some(job.document.status), accept::accept(Rc::unwrap_or_clone(job), reports, now))
            }
            None if create => (None, accept::create(new_job(job_id, now), reports, now)?),
            None => return Err(Problem::job_not_found(job_id).into()),
        };
        let answer = accepted.answer().map(|answer| text_of(&answer));
        let Acceptance { job, changed, lines, .. } = accepted;
        if changed {
            self.commit(before, job, &lines)?;
        } else {
            self.job.replace(Some(Rc::new(job)));
        }
        Ok(match before {
            None => answer::json_text(201, &answer?),
            // It goes straight on to who reported.
            Some(_) => {
                let config = &self.config;
                crossing::success(&answer?, config.allowed_origin(None), config.varies_by_origin())
            }
        })
    }

    /// Commits, then tells the viewers. Nothing here waits, so that the writes are one transaction.
    fn commit(&self, before: Option<Status>, mut job: Job, lines: &[LogLine]) -> Result<(), Refusal> {
        let alarm = expiry::alarm(job.record.alarm, &job.document);
        job.record.alarm = alarm.or(job.record.alarm);
        let rows = self.store.save(&mut job, lines, before.is_none())?;
        self.rows.set(rows.saturating_add(usize::from(alarm.is_some())));
        if let Some(alarm) = alarm {
            store::set_alarm(&self.state, alarm);
        }
        self.viewers.tell(&job.document, lines, before != Some(job.document.status));
        self.job.replace(Some(Rc::new(job)));
        Ok(())
    }

    fn document(&self, job_id: &str, include: Include, view: &str) -> Answer {
        let job = self.find(job_id)?;
        let document = &job.document;
        let text = match view {
            "summary" => text_of(&document.summary()),
            "tensorlake" => text_of(&tensorlake::progress(document)),
            "flask" => text_of(&flask::task_status(document)),
            _ => {
                let mut view = document.view(include).into_owned();
                if include.logs() {
                    view.logs = Some(self.last_lines(&job, LOG_LINES_NEW)?);
                }
                text_of(&view)
            }
        };
        let response = answer::json_text(200, &text);
        set(&response.headers(), CURSOR_HEADER, &document.cursor().to_string());
        if let Some(millis) = poll::poll_after_ms(document, js::now()) {
            set(&response.headers(), POLL_HEADER, &millis.to_string());
        }
        Ok(response)
    }

    fn last_lines(&self, job: &Job, most: u64) -> Result<Vec<LogLine>, Refusal> {
        Ok(self.store.lines(job, job.record.last_line.saturating_sub(most), most)?)
    }

    fn logs(&self, job_id: &str, after: u64, limit: u64) -> Answer {
        let job = self.find(job_id)?;
        let lines = self.store.lines(&job, after, limit)?;
        Ok(answer::json(200, &log::page(&job, after, lines)))
    }

    /// Takes a viewer: accepts the socket, reads, sends, with nothing between that a report could fall into. One that has
    /// seen the end is not taken, unless it wants to be told `anyway`.
    fn subscribe(&self, job_id: &str, include: Include, cursor: Option<&Cursor>, anyway: bool) -> Answer {
        let job = self.find(job_id)?;
        let document = &job.document;
        let ended = match subscription::admit(document, cursor.filter(|_| !anyway), js::now()) {
            Admission::Finished => return Ok(answer::empty(204)),
            Admission::Admitted { ended } => ended,
        };
        subscription::check_capacity(self.viewers.count())?;
        let pair = WebSocketPair::new()?;
        // What waits for the next broadcast is in what is read now; the new viewer must not hear it twice.
        self.viewers.flush();
        self.viewers.accept(&self.state, &pair.server, include);
        let lines = if include.logs() {
            self.last_lines(&job, subscription::initial_line_count(&job, cursor))?
        } else {
            Vec::new()
        };
        for frame in subscription::initial_frames(&job, include, lines, ended) {
            viewers::send(&pair.server, &frame);
        }
        if ended {
            let _ = pair.server.close(Some(1000), Some("end"));
        }
        Ok(worker::Response::from_websocket(pair.client)?.into())
    }

    async fn delete(&self, url: &str) -> Response {
        self.finish(self.try_delete(Heard::read(url).map_or("", |heard| heard.text("job"))).await)
    }

    async fn try_delete(&self, job_id: &str) -> Answer {
        self.find(job_id)?;
        self.forget(job_id);
        // The alarm goes with the rest (compatibility dates from 2026-02-24 on).
        self.state.storage().delete_all().await?;
        Ok(answer::empty(204))
    }

    /// Tells the viewers that the job is no more.
    fn forget(&self, job_id: &str) {
        self.job.replace(None);
        self.viewers.dismiss(job_id, &Problem::job_not_found(job_id));
    }

    /// Does what has fallen due, and arms the alarm for what comes next.
    fn fall_due(&self) -> Result<(), Refusal> {
        let Some(job) = self.load()? else { return Ok(()) };
        let due = expiry::next_due(&job.document);
        if due <= js::now() {
            self.forget(&job.document.job_id);
            store::forget(&self.state);
            return Ok(());
        }
        let mut job = Job::clone(&job);
        job.record.alarm = Some(due);
        self.store.save(&mut job, &[], false)?;
        self.job.replace(Some(Rc::new(job)));
        store::set_alarm(&self.state, due);
        Ok(())
    }
}

fn new_job(job_id: &str, now: Timestamp) -> Job {
    Job::new(job_id.to_owned(), id::epoch(js::random()), now)
}
