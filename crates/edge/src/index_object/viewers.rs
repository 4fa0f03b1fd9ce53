//! The viewers of a shard's lists: hibernating sockets, each with the request of its list attached.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    num::NonZeroU64,
    rc::Rc,
};

use engine::{
    index::{
        filter::{Filter, ListRequest},
        frames::RowChange,
    },
    pace::{self, Broadcast, Pace},
};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use worker::{Result, State, WebSocket, worker_sys, worker_sys::web_sys};

use crate::js;

/// The viewers of one shard.
pub(super) struct Viewers {
    shared: Rc<Shared>,
    /// Broadcasts changes that had to wait; made once, since it outlives every call.
    on_timer: Closure<dyn FnMut()>,
}

struct Shared {
    raw: worker_sys::DurableObjectState,
    pace: Cell<Pace>,
    timer: RefCell<Option<JsValue>>,
    /// The changes of the next broadcast, by job.
    pending: RefCell<BTreeMap<String, RowChange>>,
}

impl Viewers {
    /// The viewers that are connected when the object is constructed.
    pub(super) fn new(state: &State) -> Viewers {
        let raw: worker_sys::DurableObjectState = JsValue::from(state.as_raw()).unchecked_into();
        let (pace, timer, pending) = (Cell::default(), RefCell::default(), RefCell::default());
        let shared = Rc::new(Shared { raw, pace, timer, pending });
        let on_timer = {
            let shared = Rc::clone(&shared);
            Closure::own_assert_unwind_safe(move || {
                shared.timer.replace(None);
                shared.broadcast();
            })
        };
        Viewers { shared, on_timer }
    }

    /// The number of viewers.
    pub(super) fn count(&self) -> usize {
        self.shared.sockets().len()
    }

    /// The number of viewers that one reader has.
    pub(super) fn of_reader(&self, reader: NonZeroU64) -> usize {
        self.shared.raw.get_websockets_with_tag(&reader.to_string()).map_or(0, |sockets| sockets.len())
    }

    /// Adds a viewer, which the caller sends the first page.
    pub(super) fn accept(
        &self,
        state: &State,
        socket: &WebSocket,
        request: &ListRequest,
        reader: Option<NonZeroU64>,
    ) -> Result<()> {
        let reader = reader.map(|reader| reader.to_string());
        state.accept_websocket_with_tags(socket, &reader.iter().map(String::as_str).collect::<Vec<_>>());
        socket.serialize_attachment(request.to_parameter())
    }

    /// Broadcasts a change of a row at the pace of the shard.
    pub(super) fn changed(&self, job_id: &str, change: RowChange) {
        let shared = &self.shared;
        if shared.sockets().is_empty() {
            return;
        }
        let mut pending = shared.pending.borrow_mut();
        match pending.get_mut(job_id) {
            Some(earlier) => earlier.add(change),
            None => {
                pending.insert(job_id.to_owned(), change);
            }
        }
        drop(pending);
        let mut pace = shared.pace.get();
        let broadcast = pace.on_change(false, js::now().millis());
        shared.pace.set(pace);
        match broadcast {
            Broadcast::Now => shared.broadcast(),
            Broadcast::In(millis) => {
                let timer = js::set_timeout(self.on_timer.as_ref().unchecked_ref(), millis as f64);
                shared.set_timer(Some(timer));
            }
            Broadcast::Planned => {}
        }
    }
}

impl Shared {
    fn sockets(&self) -> Vec<web_sys::WebSocket> {
        self.raw.get_websockets().unwrap_or_default()
    }

    /// Replaces the timer of the next broadcast.
    fn set_timer(&self, timer: Option<JsValue>) {
        if let Some(former) = self.timer.replace(timer) {
            js::clear_timeout(&former);
        }
    }

    /// Sends what is pending: one encoding for each list, independent of the number of its viewers.
    fn broadcast(&self) {
        self.set_timer(None);
        let changes = self.pending.take();
        let mut lists: HashMap<String, Vec<Uint8Array>> = HashMap::new();
        let (sockets, mut bytes) = (self.sockets(), 0_usize);
        for socket in &sockets {
            let request: Option<String> = WebSocket::from(socket.clone()).deserialize_attachment().ok().flatten();
            let frames = lists.entry(request.unwrap_or_default()).or_insert_with_key(|request| {
                let filter = ListRequest::from_parameter(request).map(|request| request.filter);
                filter.map(|filter| frames_of(&changes, &filter)).unwrap_or_default()
            });
            for frame in frames {
                bytes = bytes.saturating_add(usize::try_from(frame.length()).unwrap_or_default());
                send_array(socket, frame);
            }
        }
        let mut pace = self.pace.get();
        let mean_bytes = bytes.checked_div(sockets.len()).unwrap_or_default();
        pace.on_broadcast(js::now().millis(), pace::interval_ms(sockets.len(), mean_bytes));
        self.pace.set(pace);
    }
}

fn frames_of(changes: &BTreeMap<String, RowChange>, filter: &Filter) -> Vec<Uint8Array> {
    let frames = changes.values().filter_map(|change| change.frame(filter));
    frames.map(|frame| Uint8Array::from(frame.as_slice())).collect()
}

fn send_array(socket: &web_sys::WebSocket, bytes: &Uint8Array) {
    // Sending fails only if the viewer is gone; it reconnects by itself.
    let _ = socket.send_with_js_u8_array(bytes);
}

/// Sends one frame to one viewer.
pub(super) fn send(socket: &web_sys::WebSocket, frame: &[u8]) {
    send_array(socket, &Uint8Array::from(frame));
}
