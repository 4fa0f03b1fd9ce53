//! The viewers of a job: hibernating sockets, each tagged with its `include` set, and the pace of the broadcasts.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use engine::{
    frame,
    pace::{self, Before, Broadcast},
    pending_broadcast::PendingBroadcast,
};
use js_sys::Uint8Array;
use protocol::{Document, Problem, include::Include, log_line::LogLine};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use worker::{State, WebSocket, worker_sys::web_sys};

use crate::js;

/// The viewers of one job.
pub(super) struct Viewers {
    shared: Rc<Shared>,
    /// Broadcasts a change that had to wait; made once, since it outlives every call.
    on_timer: Closure<dyn FnMut()>,
}

struct Shared {
    raw: worker::worker_sys::DurableObjectState,
    count: Cell<usize>,
    /// The `include` sets that viewers may have, one bit each: listing the sockets of a set costs time, and most sets have
    /// no viewers.
    sets: Cell<u8>,
    before: Cell<Before>,
    timer: RefCell<Option<JsValue>>,
    /// The content of the next broadcast.
    pending: RefCell<Option<PendingBroadcast>>,
}

impl Viewers {
    /// The viewers that are connected when the object is constructed.
    pub(super) fn new(state: &State) -> Viewers {
        let raw: worker::worker_sys::DurableObjectState = JsValue::from(state.as_raw()).unchecked_into();
        let shared = Rc::new(Shared {
            count: Cell::new(sockets(&raw, None).len()),
            sets: Cell::new(u8::MAX),
            raw,
            before: Cell::default(),
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

    /// The number of viewers, at most: one whose connection broke silently is counted until the object sleeps.
    pub(super) fn count(&self) -> usize {
        self.shared.count.get()
    }

    /// The number of sockets. Listing them costs time, unlike [`Viewers::count`].
    pub(super) fn sockets(&self) -> usize {
        sockets(&self.shared.raw, None).len()
    }

    /// Adds a viewer.
    pub(super) fn accept(&self, state: &State, socket: &WebSocket, include: Include) {
        state.accept_websocket_with_tags(socket, &[&tag(include)]);
        self.shared.count.set(self.count().saturating_add(1));
        self.shared.sets.set(self.shared.sets.get() | set_bit(include));
    }

    /// Counts one viewer less. A socket may report both an error and its close, so the count may become too low. A count of
    /// zero would end the broadcasts, so it is checked against the sockets.
    pub(super) fn on_leave(&self) {
        let count = self.count().saturating_sub(1);
        self.shared.count.set(if count == 0 { sockets(&self.shared.raw, None).len() } else { count });
    }

    /// Broadcasts a committed change at the pace of the job, or at once if it is `urgent`.
    pub(super) fn broadcast(&self, document: &Document, lines: &[LogLine], urgent: bool) {
        let shared = &self.shared;
        if self.count() == 0 {
            return;
        }
        match &mut *shared.pending.borrow_mut() {
            Some(pending) => pending.add(document, lines),
            none => *none = Some(PendingBroadcast::new(document, lines)),
        }
        let now_ms = js::now().millis();
        let before = shared.before.get();
        shared.before.set(Before { change_ms: Some(now_ms), ..before });
        match pace::when(urgent, now_ms, before, self.count()) {
            Broadcast::Now => shared.broadcast(),
            Broadcast::In(millis) if shared.timer.borrow().is_none() => {
                let timer = js::set_timeout(self.on_timer.as_ref().unchecked_ref(), millis as f64);
                shared.timer.replace(Some(timer));
            }
            Broadcast::In(_) => {}
        }
    }

    /// Broadcasts at once what is pending.
    pub(super) fn flush(&self) {
        if self.shared.pending.borrow().is_some() {
            self.shared.broadcast();
        }
    }

    /// Sends a problem to every viewer and ends its stream.
    pub(super) fn dismiss(&self, job_id: &str, problem: &Problem) {
        self.shared.take_pending();
        let bytes = array(&frame::problem(job_id, problem));
        for socket in sockets(&self.shared.raw, None) {
            send_array(&socket, &bytes);
            let _ = socket.close_with_code(1000);
        }
    }
}

impl Shared {
    /// Stops the timer and takes what is pending.
    fn take_pending(&self) -> Option<PendingBroadcast> {
        if let Some(timer) = self.timer.take() {
            js::clear_timeout(&timer);
        }
        self.pending.take()
    }

    /// Sends what is pending: one encoding per `include` set, independent of the number of viewers.
    fn broadcast(&self) {
        let Some(pending) = self.take_pending() else { return };
        let now = js::now();
        self.before.set(Before { broadcast_ms: Some(now.millis()), ..self.before.get() });
        for include in (0..8).map(Include::from_bits).filter(|include| self.sets.get() & set_bit(*include) != 0) {
            let sockets = sockets(&self.raw, Some(include));
            if sockets.is_empty() {
                self.sets.set(self.sets.get() & !set_bit(include));
                continue;
            }
            let (frames, ended) = pending.frames(include, now);
            let frames: Vec<_> = frames.iter().map(|frame| array(frame)).collect();
            for socket in &sockets {
                frames.iter().for_each(|frame| send_array(socket, frame));
                if ended {
                    let _ = socket.close_with_code(1000);
                }
            }
        }
    }
}

fn set_bit(include: Include) -> u8 {
    // There are eight sets, so the shift is less than eight.
    1_u8.checked_shl(u32::from(include.bits())).unwrap_or(0)
}

fn tag(include: Include) -> String {
    format!("include:{}", include.bits())
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
