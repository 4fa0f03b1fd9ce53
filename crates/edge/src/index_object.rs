//! The Durable Object of one shard of a project's index: the rows of its jobs, and the viewers of its lists.

mod store;
mod viewers;

use std::{
    cell::RefCell,
    num::NonZeroU64,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use engine::{
    frame,
    index::{
        filter::ListRequest,
        frames::RowChange,
        history::History,
        row::Row,
        update::{RowUpdate, UpdateReply},
    },
    subscription,
};
use protocol::{Problem, problem::Code};
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::Request;
use worker::{Env, State, WebSocketPair, worker_sys};

use crate::{
    config::Config,
    feed::{PING, PONG},
    glue::{self, BodyHandler},
    index_stub::{IndexCommand, READER_PARAMETER, REQUEST_PARAMETER, parameter},
    response::{self, ErrorResponse, HandlerResult},
};
use store::Store;
use viewers::Viewers;

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
                JsValue::from(result.unwrap_or_else(ErrorResponse::into_response))
            })
        };
        JobIndex(AssertUnwindSafe(Parts { index, on_command }))
    }

    /// Called with a command of the edge, or of a job's object.
    pub fn fetch(&self, request: &Request) -> js_sys::Promise {
        glue::with_body(request, &self.0.on_command)
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
    /// How long jobs took; `None` until it is needed.
    history: RefCell<Option<History>>,
}

impl Index {
    fn new(state: State) -> Index {
        let (store, viewers) = (Store::new(&state), Viewers::new(&state));
        Index { state, store, viewers, history: RefCell::default() }
    }

    fn handle(&self, url: &str, body: &[u8]) -> HandlerResult {
        #[cfg(feature = "fault-injection")]
        crate::fault_injection::in_the_index()?;
        let Some((command, query)) = IndexCommand::parse(url) else { return Err(unknown_command()) };
        if command == IndexCommand::Update {
            let update: RowUpdate = serde_json::from_slice(body).map_err(worker::Error::from)?;
            let reply = self.take(update)?;
            #[cfg(feature = "fault-injection")]
            crate::fault_injection::in_the_index()?;
            return Ok(response::json(200, &reply));
        }
        let request = ListRequest::from_parameter(parameter(query, REQUEST_PARAMETER)).ok_or_else(unknown_command)?;
        match command {
            IndexCommand::Summary => Ok(response::json(200, &self.store.summary(&request)?)),
            IndexCommand::Subscribe => self.subscribe(&request, parameter(query, READER_PARAMETER).parse().ok()),
            IndexCommand::List | IndexCommand::Update => Ok(response::json(200, &self.store.page(&request)?)),
        }
    }

    /// Takes the update of a job. Nothing here waits, so the writes are one transaction; a call that fails is repeated, and what
    /// is known already is not written again.
    fn take(&self, update: RowUpdate) -> Result<UpdateReply, ErrorResponse> {
        let RowUpdate { job_id, row, removed } = update;
        for created_at in removed {
            if let Some(before) = self.store.remove(created_at, &job_id)? {
                self.viewers.changed(&job_id, RowChange { before: Some(before), after: None });
            }
        }
        let Some(row) = row else { return Ok(UpdateReply::default()) };
        let before = self.store.row(&row.key())?;
        if before.as_ref().is_none_or(|before| row.replaces(before)) {
            // The history is read before the row is written, which would else be in it twice.
            let expected = self.expected(&row, before.as_ref())?;
            self.store.put(&row)?;
            self.viewers.changed(&job_id, RowChange { before, after: Some(row) });
            return Ok(expected);
        }
        self.expected(&row, Some(&row))
    }

    /// How long the job of a row is expected to take, which replaces `before`.
    fn expected(&self, row: &Row, before: Option<&Row>) -> Result<UpdateReply, ErrorResponse> {
        if row.kind.is_none() && row.endpoint_id.is_none() {
            return Ok(UpdateReply::default());
        }
        let mut history = self.history.borrow_mut();
        let history = match &mut *history {
            Some(history) => history,
            none => none.insert(self.store.history()?),
        };
        history.note(row, before);
        let expected = || history.expected(row.kind.as_deref(), row.endpoint_id.as_deref());
        Ok(UpdateReply { expected_seconds: if row.status.is_terminal() { None } else { expected() } })
    }

    /// Adds a viewer, and sends it the first page. No change can come in between.
    fn subscribe(&self, request: &ListRequest, reader: Option<NonZeroU64>) -> HandlerResult {
        let of_reader = reader.map_or(0, |reader| self.viewers.of_reader(reader));
        subscription::check_capacity(self.viewers.count(), of_reader)?;
        self.viewers.flush();
        let page = self.store.page(request)?;
        let pair = WebSocketPair::new()?;
        self.viewers.accept(&self.state, &pair.server, &request.filter, reader)?;
        viewers::send(pair.server.as_ref(), &frame::shard_page(&page));
        Ok(worker::Response::from_websocket(pair.client)?.into())
    }
}

fn unknown_command() -> ErrorResponse {
    Problem::new(Code::NotFound, "unknown command; edge and index run releases that do not fit").into()
}
