//! The viewers of a job: hibernating sockets, each tagged with its `include` set and its reader, and the pace of the broadcasts.

use std::{
    cell::{Cell, RefCell},
    num::NonZeroU64,
    rc::Rc,
};

use engine::{
    frame,
    job::Job,
    pace::{self, Broadcast, Pace},
    pending_broadcast::{InitialState, PendingBroadcast},
    tags::RequiredTags,
};
use js_sys::{Map, Uint8Array};
use protocol::{Document, Problem, Timestamp, document::Object, include::Include, log_line::LogLine};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use worker::{State, WebSocket, worker_sys::web_sys};

use crate::{
    command::{CommandTime, Viewer},
    js,
};

/// The prefix of the tag that says whose a socket is.
const READER_TAG: &str = "reader:";

/// The tag of the sockets of producers that wait for a control request.
const PRODUCER_TAG: &str = "producer";

/// The tag of the sockets whose tokens require tags of the job.
const BY_TAG: &str = "by tag";

/// The tag of the sockets that stay open after the end of the job.
const STAYS_TAG: &str = "stays";

/// The viewers of one job.
pub(super) struct Viewers {
    shared: Rc<Shared>,
    /// Broadcasts a change that had to wait; made once, since it outlives every call.
    on_timer: Closure<dyn FnMut()>,
}

struct Shared {
    raw: worker::worker_sys::DurableObjectState,
    count: Cell<usize>,
    /// The number of viewers that set the pace, and the number of viewers when it was counted.
    counted: Cell<(usize, usize)>,
    /// The `include` sets that viewers may have, one bit each: listing the sockets of a set costs time, and most sets have
    /// no viewers.
    sets: Cell<u8>,
    pace: Cell<Pace>,
    timer: RefCell<Option<JsValue>>,
    /// The milliseconds of the timer that the edge is asked to set, while the timers of the object stand still.
    edge_timer: Cell<Option<u64>>,
    /// Whether a viewer may have a token by tag, and the tags of the job when the viewers were checked last.
    has_by_tag: Cell<bool>,
    checked_tags: RefCell<Option<Option<Object>>>,
    /// The content of the next broadcast.
    pending: RefCell<Option<PendingBroadcast>>,
    /// The sockets that were added while a broadcast was pending, each with the index of its state in `initial`.
    newcomers: Map,
    /// The states that the newcomers were sent first.
    initial: RefCell<Vec<InitialState>>,
}

impl Viewers {
    /// The viewers that are connected when the object is constructed.
    pub(super) fn new(state: &State) -> Viewers {
        let raw: worker::worker_sys::DurableObjectState = JsValue::from(state.as_raw()).unchecked_into();
        let shared = Rc::new(Shared {
            count: Cell::new(sockets(&raw, None).len()),
            counted: Cell::default(),
            sets: Cell::new(u8::MAX),
            raw,
            pace: Cell::default(),
            timer: RefCell::default(),
            edge_timer: Cell::default(),
            has_by_tag: Cell::new(true),
            checked_tags: RefCell::default(),
            pending: RefCell::default(),
            newcomers: Map::new(),
            initial: RefCell::default(),
        });
        let on_timer = {
            let shared = Rc::clone(&shared);
            Closure::own_assert_unwind_safe(move || {
                shared.timer.replace(None);
                shared.broadcast(js::now());
            })
        };
        Viewers { shared, on_timer }
    }

    /// The number of viewers that one reader has.
    pub(super) fn of_reader(&self, reader: NonZeroU64) -> usize {
        self.shared.raw.get_websockets_with_tag(&reader_tag(reader)).map_or(0, |sockets| sockets.len())
    }

    /// The number of viewers, at most: one whose connection broke silently is counted until the object sleeps.
    pub(super) fn count(&self) -> usize {
        self.shared.count.get()
    }

    /// The number of sockets. Listing them costs time, unlike [`Viewers::count`].
    pub(super) fn sockets(&self) -> usize {
        sockets(&self.shared.raw, None).len()
    }

    /// Adds a viewer, which the caller sends the state of `job`. What is pending stays pending, so that subscriptions do not
    /// make the others' frames more frequent; the new viewer is sent only what follows its state.
    pub(super) fn accept(&self, state: &State, socket: &WebSocket, viewer: Viewer, job: &Job, time: CommandTime) {
        let (shared, include) = (&self.shared, viewer.include);
        if shared.pace.get().is_overdue(time.now.millis()) {
            shared.broadcast(time.now);
        }
        let stays = viewer.stays.then(|| STAYS_TAG.to_owned());
        self.add(state, socket, [tag(include)].into_iter().chain(stays), viewer.reader, viewer.tags);
        shared.sets.set(shared.sets.get() | set_bit(include));
        if shared.pending.borrow().is_some() {
            let (mut states, initial) = (shared.initial.borrow_mut(), InitialState::new(job));
            if states.last() != Some(&initial) {
                states.push(initial);
            }
            shared.newcomers.set(socket.as_ref(), &JsValue::from(states.len().saturating_sub(1)));
        }
    }

    /// Adds a producer that waits for a control request. It is sent no documents.
    pub(super) fn accept_producer(
        &self,
        state: &State,
        socket: &WebSocket,
        reader: Option<NonZeroU64>,
        required: &str,
    ) {
        self.add(state, socket, [PRODUCER_TAG.to_owned()].into_iter(), reader, required);
    }

    fn add(
        &self,
        state: &State,
        socket: &WebSocket,
        tags: impl Iterator<Item = String>,
        reader: Option<NonZeroU64>,
        required: &str,
    ) {
        let by_tag = (!required.is_empty()).then(|| BY_TAG.to_owned());
        let tags: Vec<String> = tags.chain(by_tag).chain(reader.map(reader_tag)).collect();
        state.accept_websocket_with_tags(socket, &tags.iter().map(String::as_str).collect::<Vec<_>>());
        if !required.is_empty() {
            // The attachment survives hibernation. It holds the tags only: writing it fails only past 16 KiB.
            let _ = socket.serialize_attachment(required);
            self.shared.has_by_tag.set(true);
            self.shared.checked_tags.replace(None);
        }
        self.shared.count.set(self.count().saturating_add(1));
    }

    /// Sends a frame to the producers that wait for a control request.
    pub(super) fn notify_producers(&self, frame: &[u8]) {
        if self.count() == 0 {
            return;
        }
        let bytes = array(frame);
        for socket in self.shared.raw.get_websockets_with_tag(PRODUCER_TAG).unwrap_or_default() {
            send_array(&socket, &bytes);
        }
    }

    /// Counts one viewer less. A socket may report both an error and its close, so the count may become too low. A count of
    /// zero would end the broadcasts, so it is checked against the sockets.
    pub(super) fn on_leave(&self) {
        let count = self.count().saturating_sub(1);
        self.shared.count.set(if count == 0 { sockets(&self.shared.raw, None).len() } else { count });
    }

    /// Broadcasts a committed change at the pace of the job; an `urgent` one need not wait, unless there are many.
    pub(super) fn broadcast(&self, job: &Job, lines: &[LogLine], urgent: bool, time: CommandTime) {
        let shared = &self.shared;
        if self.count() == 0 {
            return;
        }
        match &mut *shared.pending.borrow_mut() {
            Some(pending) => pending.add(job, lines),
            none => *none = Some(PendingBroadcast::new(job, lines)),
        }
        let mut pace = shared.pace.get();
        let broadcast = pace.on_change(urgent, time.now.millis());
        shared.pace.set(pace);
        match broadcast {
            Broadcast::Now => shared.broadcast(time.now),
            Broadcast::In(millis) if time.is_set_back => shared.edge_timer.set(Some(millis)),
            Broadcast::In(millis) => {
                let timer = js::set_timeout(self.on_timer.as_ref().unchecked_ref(), millis as f64);
                shared.set_timer(Some(timer));
            }
            Broadcast::Planned => {}
        }
    }

    /// Broadcasts what is pending.
    pub(super) fn broadcast_pending(&self, time: CommandTime) {
        self.shared.broadcast(time.now);
    }

    /// The milliseconds after which the edge is to ask for the planned broadcast, if the last change planned one for which
    /// the object cannot set a timer.
    pub(super) fn take_edge_timer(&self) -> Option<u64> {
        self.shared.edge_timer.take()
    }

    /// Ends the streams of the viewers whose tokens require tags that the job does not carry any more, as if it did not exist.
    pub(super) fn close_to_other_tags(&self, document: &Document) {
        let shared = &self.shared;
        if !shared.has_by_tag.get() || shared.checked_tags.borrow().as_ref() == Some(&document.tags) {
            return;
        }
        let sockets = shared.raw.get_websockets_with_tag(BY_TAG).unwrap_or_default();
        shared.has_by_tag.set(!sockets.is_empty());
        shared.checked_tags.replace(Some(document.tags.clone()));
        let problem = Problem::job_not_found(&document.job_id);
        for socket in sockets {
            let required: Option<String> = WebSocket::from(socket.clone()).deserialize_attachment().ok().flatten();
            let required = required.as_deref().and_then(RequiredTags::from_parameter);
            if !required.is_some_and(|required| required.are_carried_by(document.tags.as_ref())) {
                send_array(&socket, &array(&frame::problem(&document.job_id, &problem)));
                let _ = socket.close_with_code(1000);
            }
        }
    }

    /// Sends a problem to every viewer and ends its stream.
    pub(super) fn dismiss(&self, job_id: &str, problem: &Problem) {
        self.shared.take_pending();
        self.shared.forget_newcomers();
        let bytes = array(&frame::problem(job_id, problem));
        for socket in sockets(&self.shared.raw, None) {
            send_array(&socket, &bytes);
            let _ = socket.close_with_code(1000);
        }
    }
}

impl Shared {
    /// Replaces the timer of the next broadcast.
    fn set_timer(&self, timer: Option<JsValue>) {
        if let Some(former) = self.timer.replace(timer) {
            js::clear_timeout(&former);
        }
    }

    /// Stops the timer and takes what is pending.
    fn take_pending(&self) -> Option<PendingBroadcast> {
        self.set_timer(None);
        self.pending.take()
    }

    /// Sends what is pending: one encoding per `include` set, independent of the number of viewers.
    fn broadcast(&self, now: Timestamp) {
        let Some(pending) = self.take_pending() else { return };
        // What is sent, not what the document has: a viewer that includes all of it must not slow those that do not.
        let (mut viewers, mut bytes) = (0_usize, 0_usize);
        for include in (0..8).map(Include::from_bits).filter(|include| self.sets.get() & set_bit(*include) != 0) {
            let sockets = sockets(&self.raw, Some(include));
            if sockets.is_empty() {
                self.sets.set(self.sets.get() & !set_bit(include));
                continue;
            }
            let (frames, ended) = pending.frames(include, now);
            let frame_bytes = frames.iter().fold(0_usize, |sum, frame| sum.saturating_add(frame.len()));
            viewers = viewers.saturating_add(sockets.len());
            bytes = bytes.saturating_add(frame_bytes.saturating_mul(sockets.len()));
            let frames: Vec<_> = frames.iter().map(|frame| array(frame)).collect();
            for socket in &sockets {
                match self.initial_state(socket) {
                    None => frames.iter().for_each(|frame| send_array(socket, frame)),
                    Some(initial) => send_after(socket, &pending, &initial, include, now),
                }
                if ended && !has_tag(&self.raw, socket, STAYS_TAG) {
                    let _ = socket.close_with_code(1000);
                }
            }
        }
        self.forget_newcomers();
        let mean_bytes = bytes.checked_div(viewers).unwrap_or(0);
        let mut pace = self.pace.get();
        pace.on_broadcast(now.millis(), pace::interval_ms(self.paced(mean_bytes), mean_bytes));
        self.pace.set(pace);
    }

    /// The number of viewers that set the pace of a broadcast. The tags of all sockets are read for it, so it is counted
    /// again only when the number of viewers has changed by a tenth.
    fn paced(&self, bytes: usize) -> usize {
        let viewers = self.count.get();
        if !pace::depends_on_readers(viewers, bytes) {
            return viewers;
        }
        let (counted, counted_at) = self.counted.get();
        if viewers.abs_diff(counted_at) <= counted_at / 10 {
            return counted;
        }
        let readers = sockets(&self.raw, None).into_iter().map(|socket| reader_of(&self.raw, &socket));
        let counted = pace::counted_viewers(readers);
        self.counted.set((counted, viewers));
        counted
    }

    fn forget_newcomers(&self) {
        self.newcomers.clear();
        // Not cleared but replaced: a thousand viewers that connect at once must not leave their memory behind.
        self.initial.take();
    }

    /// The state that the socket was sent first, if it was added while the broadcast was pending.
    fn initial_state(&self, socket: &web_sys::WebSocket) -> Option<InitialState> {
        if self.newcomers.size() == 0 {
            return None;
        }
        let index = self.newcomers.get(socket).as_f64()?;
        self.initial.borrow().get(index as usize).cloned()
    }
}

/// Sends a viewer that is new what follows the state that it has.
fn send_after(
    socket: &web_sys::WebSocket,
    pending: &PendingBroadcast,
    initial: &InitialState,
    include: Include,
    now: Timestamp,
) {
    for frame in pending.frames_after(initial, include, now) {
        send_array(socket, &array(&frame));
    }
}

fn set_bit(include: Include) -> u8 {
    // There are eight sets, so the shift is less than eight.
    1_u8.checked_shl(u32::from(include.bits())).unwrap_or(0)
}

fn tag(include: Include) -> String {
    format!("include:{}", include.bits())
}

/// The tag of the sockets of one reader, a token at an address.
fn reader_tag(reader: NonZeroU64) -> String {
    format!("{READER_TAG}{reader}")
}

fn reader_of(raw: &worker::worker_sys::DurableObjectState, socket: &web_sys::WebSocket) -> Option<String> {
    raw.get_tags(socket).ok()?.into_iter().find(|tag| tag.starts_with(READER_TAG))
}

fn has_tag(raw: &worker::worker_sys::DurableObjectState, socket: &web_sys::WebSocket, tag: &str) -> bool {
    raw.get_tags(socket).is_ok_and(|tags| tags.iter().any(|other| other == tag))
}

fn sockets(raw: &worker::worker_sys::DurableObjectState, include: Option<Include>) -> Vec<web_sys::WebSocket> {
    let found = match include {
        Some(include) => raw.get_websockets_with_tag(&tag(include)),
        None => raw.get_websockets(),
    };
    found.unwrap_or_default()
}

fn array(bytes: &[u8]) -> Uint8Array {
    Uint8Array::from(bytes)
}

fn send_array(socket: &web_sys::WebSocket, bytes: &Uint8Array) {
    // Sending fails only if the viewer is gone; it reconnects by itself.
    let _ = socket.send_with_js_u8_array(bytes);
}

/// Sends one frame to one viewer.
pub(super) fn send(socket: &WebSocket, frame: &[u8]) {
    send_array(socket.as_ref(), &array(frame));
}
