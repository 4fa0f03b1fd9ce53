//! The Durable Object of one shard of a project's index: the rows of its jobs, and the viewers of its lists.

mod store;
mod updates;
mod viewers;

use std::{
    cell::{Cell, RefCell},
    num::NonZeroU64,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use engine::{
    frame,
    index::{
        filter::ListRequest,
        frames::RowChange,
        history::{self, History},
        key::RowKey,
        row::Row,
        summary::ShardSummary,
        summary_cache::SummaryCache,
        update::{RowUpdate, UpdateReply},
    },
    subscription::{self, Viewed},
};
use protocol::{Problem, problem::Code};
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::future_to_promise;
use web_sys::Request;
use worker::{Env, State, WebSocketPair, worker_sys};

use crate::{
    config::Config,
    feed::{PING, PONG},
    glue::{self, BodyHandler},
    index_stub::{IndexCommand, READER_PARAMETER, REQUEST_PARAMETER, SET_BACK_PARAMETER, parameter},
    js,
    response::{self, ErrorResponse, HandlerResult},
};
use store::Store;
use updates::Updates;
use viewers::Viewers;

/// The milliseconds between two purges.
const PURGE_MS: u64 = 86_400_000;

/// The Durable Object class of the index. The name of an object is `<project>/<number of shards>/<shard>`.
///
/// As that of a job, it answers in one synchronous run, so that a viewer that subscribes misses nothing.
#[allow(missing_debug_implementations, reason = "the handles of the platform inside have no `Debug`")]
#[wasm_bindgen]
pub struct JobIndex(AssertUnwindSafe<Parts>);

struct Parts {
    index: Rc<Index>,
    /// Handles a command; made once, since a closure costs as much as a call.
    on_command: BodyHandler,
}

#[wasm_bindgen]
impl JobIndex {
    /// Called when the platform constructs the object.
    #[wasm_bindgen(constructor)]
    pub fn new(state: worker_sys::DurableObjectState, env: Env) -> JobIndex {
        if Config::of(&env).clustered {
            glue::answer_pings(&state, PING, PONG);
        }
        let index = Rc::new(Index::new(State::from(state)));
        let on_command = {
            let index = Rc::clone(&index);
            Closure::own_assert_unwind_safe(move |url: String, body: Vec<u8>| {
                let result = catch_unwind(AssertUnwindSafe(|| index.handle(&url, &body)));
                let result = result.unwrap_or_else(|_| Err(ErrorResponse::of_panic()));
                result.unwrap_or_else(|error| error.into_response().into())
            })
        };
        JobIndex(AssertUnwindSafe(Parts { index, on_command }))
    }

    /// Called with a command of the edge, or of a job's object.
    pub fn fetch(&self, request: &Request) -> js_sys::Promise {
        glue::with_body(request, &self.0.on_command)
    }

    /// Called by the alarm.
    pub fn alarm(&self) -> js_sys::Promise {
        let index = Rc::clone(&self.0.index);
        future_to_promise(AssertUnwindSafe(async move {
            index.handle_alarm();
            Ok(JsValue::UNDEFINED)
        }))
    }

    /// Called with a message of a viewer; viewers have nothing to send.
    #[wasm_bindgen(js_name = webSocketMessage)]
    pub fn websocket_message(&self, _socket: JsValue, _message: JsValue) {}

    /// Called when a viewer left.
    #[wasm_bindgen(js_name = webSocketClose)]
    pub fn websocket_close(&self, socket: &web_sys::WebSocket, code: u16) {
        self.0.index.viewers.on_leave();
        // Closing a socket that is closed already fails, without consequences.
        let _ = if code == 1000 { socket.close_with_code(code) } else { socket.close() };
    }

    /// Called when the connection of a viewer broke.
    #[wasm_bindgen(js_name = webSocketError)]
    pub fn websocket_error(&self, _socket: JsValue, _error: JsValue) {
        self.0.index.viewers.on_leave();
    }
}

/// The rows of a shard, and its viewers.
struct Index {
    state: State,
    store: Store,
    viewers: Viewers,
    updates: Updates,
    /// Whether the wall clock was set back, as the last update said: the timers of the object stand still then.
    is_set_back: Cell<bool>,
    /// How long jobs took, as far as it was needed.
    history: RefCell<History>,
    /// The summaries of the last second.
    summaries: RefCell<SummaryCache>,
}

impl Index {
    fn new(state: State) -> Index {
        let (store, viewers) = (Store::new(&state), Viewers::new(&state));
        Index {
            state,
            store,
            viewers,
            updates: Updates::new(),
            is_set_back: Cell::default(),
            history: RefCell::default(),
            summaries: RefCell::default(),
        }
    }

    /// Handles a command; returns a response, or a promise of one.
    fn handle(self: &Rc<Index>, url: &str, body: &[u8]) -> Result<JsValue, ErrorResponse> {
        #[cfg(feature = "fault-injection")]
        crate::fault_injection::in_the_index()?;
        let Some((command, query)) = IndexCommand::parse(url) else { return Err(unknown_command()) };
        if command == IndexCommand::Update {
            let update: RowUpdate = serde_json::from_slice(body).map_err(worker::Error::from)?;
            self.is_set_back.set(parameter(query, SET_BACK_PARAMETER) == "true");
            return Ok(self.receive(update));
        }
        let request = ListRequest::from_parameter(parameter(query, REQUEST_PARAMETER)).ok_or_else(unknown_command)?;
        self.take_waiting();
        let response = match command {
            IndexCommand::Summary => response::json(200, &self.summary(&request)?),
            IndexCommand::Subscribe => self.subscribe(&request, parameter(query, READER_PARAMETER).parse().ok())?,
            IndexCommand::List | IndexCommand::Update => response::json(200, &self.store.page(&request)?),
        };
        Ok(response.into())
    }

    /// Takes the update of a job. Nothing here waits, so the writes are one transaction; a call that fails is repeated, and what
    /// is known already is not written again.
    fn take(&self, update: RowUpdate) -> Result<UpdateReply, ErrorResponse> {
        let RowUpdate { job_id, row, removed, is_moved } = update;
        if !self.store.has_tables()? {
            self.store.make_tables()?;
            self.set_alarm();
        }
        for created_at in removed {
            let key = RowKey { created_at, job_id: job_id.clone() };
            if !is_moved {
                self.store.note_removed(&key, js::now())?;
            }
            if let Some(before) = self.store.remove(created_at, &job_id)? {
                self.viewers.changed(&job_id, RowChange { before: Some(before), after: None }, self.is_set_back.get());
            }
        }
        let Some(row) = row else { return Ok(UpdateReply::default()) };
        let before = self.store.row(&row.key())?;
        match before {
            None if self.store.is_removed(&row.key())? => Ok(UpdateReply::default()),
            Some(before) if !row.replaces(&before) => {
                self.load_history(&row)?;
                Ok(self.expected(&row))
            }
            before => {
                // The history is read before the row is written, which would else be in it twice; and the job is noted after it,
                // or it would be noted again when a call whose write failed is repeated.
                self.load_history(&row)?;
                self.store.put(&row)?;
                let noted = self.note_in_history(&row, before.as_ref());
                let expected = self.expected(&row);
                self.viewers.changed(&job_id, RowChange { before, after: Some(row) }, self.is_set_back.get());
                noted.map(|()| expected)
            }
        }
    }

    /// Reads the history of the group of this row, if it is not in memory.
    fn load_history(&self, row: &Row) -> Result<(), ErrorResponse> {
        let mut history = self.history.borrow_mut();
        match group_of(row) {
            Some(group) if !history.knows(&group) => Ok(self.store.load_history(&mut history, &group, row)?),
            _ => Ok(()),
        }
    }

    /// Notes a row that was written in the place of `before`.
    fn note_in_history(&self, row: &Row, before: Option<&Row>) -> Result<(), ErrorResponse> {
        let mut history = self.history.borrow_mut();
        history.note(row, before);
        if let Some(group) = group_of(row)
            && let Some(times) = history.unstored(&group)
        {
            self.store.store_history(&group, times)?;
            history.note_stored(&group);
        }
        Ok(())
    }

    /// How long the job of a row is expected to take.
    fn expected(&self, row: &Row) -> UpdateReply {
        let group = group_of(row).filter(|_| !row.status.is_terminal());
        UpdateReply { expected_seconds: group.and_then(|group| self.history.borrow().expected(&group)) }
    }

    /// What the shard adds to a summary, as of a second ago at most.
    fn summary(&self, request: &ListRequest) -> Result<ShardSummary, ErrorResponse> {
        let (text, now) = (request.filter.to_text()?, js::now());
        let mut summaries = self.summaries.borrow_mut();
        if let Some(summary) = summaries.get(&text, now) {
            return Ok(summary.clone());
        }
        let summary = self.store.summary(request)?;
        summaries.insert(text, summary.clone(), now);
        Ok(summary)
    }

    /// Removes what nobody needs any more, once a day.
    fn handle_alarm(&self) {
        // The platform retries a failed alarm six times and then drops it, so this never fails.
        if let Err(error) = self.store.purge(js::now()) {
            worker::console_error!("{}", serde_json::json!({"level": "error", "index": error.to_string()}));
        }
        self.history.take();
        self.set_alarm();
    }

    fn set_alarm(&self) {
        crate::metrics::count(|metrics| metrics.index_wrote(1));
        let date = js_sys::Date::new(&(js::now().plus_millis(PURGE_MS).millis() as f64).into());
        if let Err(error) = self.state.storage().as_raw().set_alarm(date, js_sys::Object::new()) {
            worker::console_error!("{}", serde_json::json!({"level": "error", "alarm": format!("{error:?}")}));
        }
    }

    /// Adds a viewer, and sends it the first page. No change can come in between.
    fn subscribe(&self, request: &ListRequest, reader: Option<NonZeroU64>) -> HandlerResult {
        let of_reader = reader.map_or(0, |reader| self.viewers.of_reader(reader));
        subscription::check_capacity(Viewed::List, self.viewers.count(), of_reader)?;
        self.viewers.flush();
        let page = self.store.page(request)?;
        let pair = WebSocketPair::new()?;
        self.viewers.accept(&self.state, &pair.server, &request.filter, reader)?;
        viewers::send(pair.server.as_ref(), &frame::shard_page(&page));
        Ok(worker::Response::from_websocket(pair.client)?.into())
    }
}

fn group_of(row: &Row) -> Option<String> {
    history::group(row.kind.as_deref(), row.endpoint_id.as_deref())
}

fn unknown_command() -> ErrorResponse {
    Problem::new(Code::NotFound, "unknown command; edge and index run releases that do not work together").into()
}
