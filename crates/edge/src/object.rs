//! The JobObject: one job, its storage, its viewers. Commit first, then answer and broadcast.

mod store;
mod viewers;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use engine::{accept, creation, expiry, flask, job::Job, poll, subscription, tensorlake};
use protocol::{
    Problem, Timestamp,
    creation::Creation,
    cursor::Cursor,
    id,
    include::Include,
    limits::{LOG_LINES_NEW, VIEWERS},
    log_line::LogLine,
    problem::Code,
    report::Reports,
};
use worker::{
    DurableObject, Env, Error, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    durable_object,
};

use crate::{
    answer::{self, Answer, Refusal, set, text_of},
    call::{CURSOR_HEADER, Command, MEMORY_HEADER, POLL_HEADER, ROWS_HEADER, STARTED_HEADER, VIEWERS_HEADER},
    config::Config,
    js,
    request::{Body, Query},
};
use store::Store;
use viewers::Viewers;

/// A job. Its name is `<project>/<jobId>`, so that two projects cannot meet.
#[durable_object]
pub struct JobObject {
    state: State,
    /// The job as storage has it; `None` until somebody asked.
    job: RefCell<Option<Rc<Job>>>,
    viewers: Viewers,
    started: Timestamp,
    dev: bool,
    /// How many rows the commit of this call wrote, the alarm among them.
    rows: Cell<usize>,
}

impl DurableObject for JobObject {
    fn new(state: State, env: Env) -> Self {
        let viewers = Viewers::new(&state);
        let dev = Config::of(&env).dev;
        if dev {
            // Tests count these, to know that nothing wakes an object whose viewers only wait.
            worker::console_log!("{}", serde_json::json!({"level": "debug", "object": "an object came into memory"}));
        }
        let (job, rows) = (RefCell::default(), Cell::new(0));
        JobObject { state, job, viewers, started: js::now(), dev, rows }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let answered = self.obey(&mut request).await;
        let response = answered.unwrap_or_else(Refusal::into_response);
        if self.dev && response.status_code() != 101 {
            let headers = response.headers();
            set(headers, STARTED_HEADER, &self.started.to_string());
            set(headers, VIEWERS_HEADER, &self.viewers.sockets().to_string());
            set(headers, MEMORY_HEADER, &js::memory_bytes().to_string());
            set(headers, ROWS_HEADER, &self.rows.take().to_string());
        }
        Ok(response)
    }

    async fn alarm(&self) -> Result<Response> {
        // An alarm that fails is tried six times and then forgotten, so it never fails: it sets the next one, last.
        if let Err(refusal) = self.fall_due() {
            worker::console_error!("{}", serde_json::json!({"level": "error", "alarm": refusal.problem().message()}));
        }
        Response::empty()
    }

    async fn websocket_message(&self, _: WebSocket, _: WebSocketIncomingMessage) -> Result<()> {
        // Viewers have nothing to say.
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, _: String, _: bool) -> Result<()> {
        self.viewers.left();
        // Answering twice is an error that means nothing.
        let _ = socket.close(u16::try_from(code).ok().filter(|code| *code == 1000), None::<&str>);
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: Error) -> Result<()> {
        self.viewers.left();
        Ok(())
    }
}

impl JobObject {
    async fn obey(&self, request: &mut Request) -> Answer {
        let query = Query::of(request, &["job", "create", "include", "view", "after", "limit", "cursor", "anyway"])?;
        let job_id = query.one("job")?.unwrap_or_default().to_owned();
        let integer = |name| query.integer(name, 0, u64::MAX).map(Option::unwrap_or_default);
        let include = Include::from_bits(u8::try_from(integer("include")?).unwrap_or_default());
        match Command::at(&request.path()) {
            Some(Command::Create) => {
                let body = Body::passed_on(request).await?;
                self.create(&job_id, &body)
            }
            Some(Command::Report) => {
                let create = query.flag("create")?;
                let reports = Body::passed_on(request).await?.reports()?;
                self.report(&job_id, &reports, create)
            }
            Some(Command::Document) => self.document(&job_id, include, query.one("view")?.unwrap_or_default()),
            Some(Command::Logs) => self.logs(&job_id, integer("after")?, integer("limit")?),
            Some(Command::Subscribe) => {
                let cursor = query.one("cursor")?.and_then(Cursor::parse);
                self.subscribe(&job_id, include, cursor.as_ref(), query.flag("anyway")?)
            }
            Some(Command::Delete) => self.delete(&job_id).await,
            None => Err(Problem::new(Code::NotFound, "no such command").into()),
        }
    }

    fn store(&self) -> Store {
        Store::of(&self.state)
    }

    /// The job, if there is one.
    fn load(&self) -> core::result::Result<Option<Rc<Job>>, Refusal> {
        if let Some(job) = self.job.borrow().as_ref() {
            return Ok(Some(Rc::clone(job)));
        }
        let job = self.store().load()?.map(Rc::new);
        self.job.replace(job.clone());
        Ok(job)
    }

    fn find(&self, job_id: &str) -> core::result::Result<Rc<Job>, Refusal> {
        self.load()?.ok_or_else(|| Problem::job_not_found(job_id).into())
    }

    fn create(&self, job_id: &str, body: &Body) -> Answer {
        let value = body.json()?;
        let digest = creation::digest(&value);
        if let Some(job) = self.load()? {
            creation::again(&job, &digest)?;
            return Ok(answer::json(200, job.document.view(Include::NONE).as_ref()));
        }
        let creation = Creation::from_json(value)?;
        let now = js::now();
        let mut new = new_job(job_id, now);
        new.record.created_with = Some(digest);
        let made = accept::create(new, &[creation.report], now)?;
        self.commit(None, made.job.clone(), &made.lines)?;
        Ok(answer::json(201, made.job.document.view(Include::NONE).as_ref()))
    }

    fn report(&self, job_id: &str, reports: &Reports, create: bool) -> Answer {
        let now = js::now();
        let (before, accepted) = match self.load()? {
            Some(job) => {
                let accepted = accept::accept(&job, reports.as_slice(), now);
                (Some(job), accepted)
            }
            None if create => (None, accept::create(new_job(job_id, now), reports.as_slice(), now)?),
            None => return Err(Problem::job_not_found(job_id).into()),
        };
        let answer = accepted.answer(reports)?;
        let status = if before.is_none() { 201 } else { 200 };
        if accepted.changed {
            self.commit(before.as_deref(), accepted.job.clone(), &accepted.lines)?;
        }
        Ok(answer::json(status, &answer))
    }

    /// Commits, then tells the viewers. Nothing here waits, so that the writes are one transaction.
    fn commit(&self, before: Option<&Job>, mut job: Job, lines: &[LogLine]) -> core::result::Result<(), Refusal> {
        let alarm = expiry::alarm(job.record.alarm, &job.document);
        job.record.alarm = alarm.or(job.record.alarm);
        let rows = self.store().save(&mut job, lines, before.is_none())?;
        self.rows.set(rows.saturating_add(usize::from(alarm.is_some())));
        if let Some(alarm) = alarm {
            store::set_alarm(&self.state, alarm);
        }
        let new_state = before.is_none_or(|before| before.document.status != job.document.status);
        self.viewers.tell(&job.document, lines, new_state);
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
        let response = answer::json_text(200, text);
        set(response.headers(), CURSOR_HEADER, &document.cursor().to_string());
        if let Some(millis) = poll::poll_after_ms(document, js::now()) {
            set(response.headers(), POLL_HEADER, &millis.to_string());
        }
        Ok(response)
    }

    fn last_lines(&self, job: &Job, most: u64) -> core::result::Result<Vec<LogLine>, Refusal> {
        Ok(self.store().lines(job.record.last_line.saturating_sub(most), most)?)
    }

    fn logs(&self, job_id: &str, after: u64, limit: u64) -> Answer {
        let job = self.find(job_id)?;
        let lines = self.store().lines(after, limit)?;
        Ok(answer::json(200, &subscription::page(&job, after, lines)))
    }

    /// Takes a viewer: accepts the socket, reads, sends, with nothing between that a report could fall into. One that has
    /// seen the end is not taken, unless it wants to be told `anyway`.
    fn subscribe(&self, job_id: &str, include: Include, cursor: Option<&Cursor>, anyway: bool) -> Answer {
        let job = self.find(job_id)?;
        let document = &job.document;
        let ended = match subscription::greet(document, cursor.filter(|_| !anyway), js::now()) {
            subscription::Greeting::Finished => return Ok(answer::empty(204)),
            subscription::Greeting::Welcome { ended } => ended,
        };
        if self.viewers.count() >= VIEWERS {
            let message = format!("The job has {VIEWERS} viewers, which is all it can take; come back in a minute");
            return Err(Problem::new(Code::Overloaded, message).with("limit", VIEWERS).into());
        }
        let pair = WebSocketPair::new()?;
        // What waits for the next broadcast is in what is read now; the new viewer must not hear it twice.
        self.viewers.flush();
        self.viewers.accept(&self.state, &pair.server, include);
        let lines =
            if include.logs() { self.last_lines(&job, subscription::lines_for(&job, cursor))? } else { Vec::new() };
        for frame in subscription::welcome(&job, include, lines, ended) {
            viewers::send(&pair.server, &frame);
        }
        if ended {
            let _ = pair.server.close(Some(1000), Some("end"));
        }
        Ok(Response::from_websocket(pair.client)?)
    }

    async fn delete(&self, job_id: &str) -> Answer {
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
    fn fall_due(&self) -> core::result::Result<(), Refusal> {
        let Some(job) = self.load()? else { return Ok(()) };
        let due = expiry::next_due(&job.document);
        if due <= js::now() {
            self.forget(&job.document.job_id);
            store::forget(&self.state);
            return Ok(());
        }
        let mut job = Job::clone(&job);
        job.record.alarm = Some(due);
        self.store().save(&mut job, &[], false)?;
        self.job.replace(Some(Rc::new(job)));
        store::set_alarm(&self.state, due);
        Ok(())
    }
}

fn new_job(job_id: &str, now: Timestamp) -> Job {
    Job::new(job_id.to_owned(), id::epoch(js::random()), now)
}
