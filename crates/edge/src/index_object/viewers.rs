//! The viewers of a shard's lists: hibernating sockets, tagged with their list and their reader, each with the filter of its list
//! attached.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    num::NonZeroU64,
    rc::Rc,
};

use engine::{
    crypto::{base64url, sha256},
    index::{
        filter::Filter,
        frames::{RowChange, RowChanges},
    },
    pace::{self, Broadcast, Pace},
};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use worker::{State, WebSocket, worker_sys, worker_sys::web_sys};

use crate::{js, response::ErrorResponse};

/// The prefix of the tag that says whose a socket is.
const READER_TAG: &str = "reader:";
/// The prefix of the tag that says which list a socket is for.
const LIST_TAG: &str = "list:";

/// The viewers of one shard.
pub(super) struct Viewers {
    shared: Rc<Shared>,
    /// Broadcasts changes that had to wait; made once, since it outlives every call.
    on_timer: Closure<dyn FnMut()>,
}

struct Shared {
    raw: worker_sys::DurableObjectState,
    /// The number of viewers, at most: one whose connection broke silently is counted until the object sleeps.
    count: Cell<usize>,
    /// The filters of the lists that viewers may have, by their tag; `None` until they are read from the attachments.
    lists: RefCell<Option<BTreeMap<String, Filter>>>,
    pace: Cell<Pace>,
    timer: RefCell<Option<JsValue>>,
    /// The changes of the next broadcast.
    pending: RefCell<RowChanges>,
}

impl Viewers {
    /// The viewers that are connected when the object is constructed.
    pub(super) fn new(state: &State) -> Viewers {
        let raw: worker_sys::DurableObjectState = JsValue::from(state.as_raw()).unchecked_into();
        let shared = Rc::new(Shared {
            count: Cell::new(raw.get_websockets().map_or(0, |sockets| sockets.len())),
            raw,
            lists: RefCell::default(),
            pace: Cell::default(),
            timer: RefCell::default(),
            pending: RefCell::default(),
        });
        let on_timer = {
            let shared = Rc::clone(&shared);
            Closure::own_assert_unwind_safe(move || {
                shared.timer.replace(None);
                shared.broadcast();
            })
        };
        Viewers { shared, on_timer }
    }

    /// The number of viewers, at most.
    pub(super) fn count(&self) -> usize {
        self.shared.count.get()
    }

    /// The number of viewers that one reader has.
    pub(super) fn of_reader(&self, reader: NonZeroU64) -> usize {
        self.shared.with_tag(&reader_tag(reader)).len()
    }

    /// Sends what is pending, before a viewer is added that must not get it.
    pub(super) fn flush(&self) {
        if !self.shared.pending.borrow().is_empty() {
            self.shared.broadcast();
        }
    }

    /// Adds a viewer, which the caller sends the first page. Nothing may be pending.
    pub(super) fn accept(
        &self,
        state: &State,
        socket: &WebSocket,
        filter: &Filter,
        reader: Option<NonZeroU64>,
    ) -> Result<(), ErrorResponse> {
        // It has so few bytes that the platform attaches it.
        let text = filter.to_text()?;
        let list = list_tag(&text);
        let tags: Vec<String> = reader.map(reader_tag).into_iter().chain([list.clone()]).collect();
        state.accept_websocket_with_tags(socket, &tags.iter().map(String::as_str).collect::<Vec<_>>());
        socket.serialize_attachment(text)?;
        if let Some(lists) = &mut *self.shared.lists.borrow_mut() {
            lists.insert(list, filter.clone());
        }
        self.shared.count.set(self.count().saturating_add(1));
        Ok(())
    }

    /// Notes that a viewer left.
    pub(super) fn on_leave(&self) {
        let count = self.count().saturating_sub(1);
        self.shared.count.set(if count == 0 { self.shared.sockets().len() } else { count });
    }

    /// Broadcasts a change of a row at the pace of the shard; at once if `is_set_back` says that timers stand still.
    pub(super) fn changed(&self, job_id: &str, change: RowChange, is_set_back: bool) {
        let shared = &self.shared;
        if self.count() == 0 {
            return;
        }
        shared.pending.borrow_mut().add(job_id, change);
        let mut pace = shared.pace.get();
        let broadcast = pace.on_change(false, js::now().millis());
        shared.pace.set(pace);
        match broadcast {
            Broadcast::Now => shared.broadcast(),
            Broadcast::In(_) | Broadcast::Planned if is_set_back => shared.broadcast(),
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

    fn with_tag(&self, tag: &str) -> Vec<web_sys::WebSocket> {
        self.raw.get_websockets_with_tag(tag).unwrap_or_default()
    }

    /// Replaces the timer of the next broadcast.
    fn set_timer(&self, timer: Option<JsValue>) {
        if let Some(former) = self.timer.replace(timer) {
            js::clear_timeout(&former);
        }
    }

    /// The filters of the lists that the sockets are for.
    fn attached_lists(&self) -> BTreeMap<String, Filter> {
        let texts = self.sockets().into_iter().filter_map(|socket| {
            let text: Option<String> = WebSocket::from(socket).deserialize_attachment().ok().flatten();
            text
        });
        let mut lists = BTreeMap::new();
        for text in texts {
            let tag = list_tag(&text);
            if !lists.contains_key(&tag) {
                lists.extend(Filter::from_text(&text).map(|filter| (tag, filter)));
            }
        }
        lists
    }

    /// Sends what is pending: one encoding for each list, independent of the number of its viewers.
    fn broadcast(&self) {
        self.set_timer(None);
        let changes = self.pending.take();
        let (mut viewers, mut bytes) = (0_usize, 0_usize);
        let mut lists = self.lists.borrow_mut();
        let lists = lists.get_or_insert_with(|| self.attached_lists());
        // A list that the changes do not concern costs no call into JavaScript, so it is not noticed when its last viewer leaves.
        if lists.len() > self.count.get() {
            lists.retain(|tag, _| !self.with_tag(tag).is_empty());
        }
        lists.retain(|tag, filter| {
            let frames: Vec<Uint8Array> =
                changes.frames(filter).map(|frame| Uint8Array::from(frame.as_slice())).collect();
            if frames.is_empty() {
                return true;
            }
            let sockets = self.with_tag(tag);
            let of_each = frames.iter().map(|frame| usize::try_from(frame.length()).unwrap_or_default());
            let of_each = of_each.fold(0_usize, usize::saturating_add);
            bytes = bytes.saturating_add(of_each.saturating_mul(sockets.len()));
            viewers = viewers.saturating_add(sockets.len());
            if pace::is_too_large(sockets.len(), of_each) {
                sockets.iter().for_each(close);
            } else {
                sockets.iter().for_each(|socket| frames.iter().for_each(|frame| send_array(socket, frame)));
            }
            !sockets.is_empty()
        });
        let mut pace = self.pace.get();
        let mean_bytes = bytes.checked_div(viewers).unwrap_or_default();
        pace.on_broadcast(js::now().millis(), pace::interval_ms(viewers, mean_bytes));
        self.pace.set(pace);
    }
}

fn reader_tag(reader: NonZeroU64) -> String {
    format!("{READER_TAG}{reader}")
}

/// The tag of the list whose filter has this text. A tag is shorter than most filters.
fn list_tag(text: &str) -> String {
    format!("{LIST_TAG}{}", base64url(&sha256(text.as_bytes())))
}

fn close(socket: &web_sys::WebSocket) {
    // Closing fails only if the viewer is gone.
    let _ = socket.close_with_code(1000);
}

fn send_array(socket: &web_sys::WebSocket, bytes: &Uint8Array) {
    // Sending fails only if the viewer is gone; it reconnects by itself.
    let _ = socket.send_with_js_u8_array(bytes);
}

/// Sends one frame to one viewer.
pub(super) fn send(socket: &web_sys::WebSocket, frame: &[u8]) {
    send_array(socket, &Uint8Array::from(frame));
}
