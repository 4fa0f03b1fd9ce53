//! The viewers of a job: hibernating sockets, each tagged with what it included, and the pace at which they hear.

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
    /// Fires when a change that had to wait may go out; made once, since it outlives every call.
    on_time: Closure<dyn FnMut()>,
}

struct Shared {
    raw: worker::worker_sys::DurableObjectState,
    count: Cell<usize>,
    /// The sets of parts that viewers may have asked for, a bit each: to ask for the sockets of a set costs, and most
    /// sets are nobody's.
    sets: Cell<u8>,
    before: Cell<Before>,
    timer: RefCell<Option<JsValue>>,
    /// What the next broadcast tells.
    waiting: RefCell<Option<PendingBroadcast>>,
}

impl Viewers {
    /// The viewers that this object finds when it comes into memory.
    pub(super) fn new(state: &State) -> Viewers {
        let raw: worker::worker_sys::DurableObjectState = JsValue::from(state.as_raw()).unchecked_into();
        let shared = Rc::new(Shared {
            count: Cell::new(sockets(&raw, None).len()),
            sets: Cell::new(u8::MAX),
            raw,
            before: Cell::default(),
            timer: RefCell::default(),
            waiting: RefCell::default(),
        });
        let on_time = {
            let shared = Rc::clone(&shared);
            Closure::own_assert_unwind_safe(move || {
                shared.timer.replace(None);
                shared.broadcast();
            })
        };
        Viewers { shared, on_time }
    }

    /// How many there are, at most: one that left without a word is counted until the object sleeps.
    pub(super) fn count(&self) -> usize {
        self.shared.count.get()
    }

    /// How many sockets there are; a look that costs, unlike [`Viewers::count`].
    pub(super) fn sockets(&self) -> usize {
        sockets(&self.shared.raw, None).len()
    }

    /// Takes one more.
    pub(super) fn accept(&self, state: &State, socket: &WebSocket, include: Include) {
        state.accept_websocket_with_tags(socket, &[&tag(include)]);
        self.shared.count.set(self.count().saturating_add(1));
        self.shared.sets.set(self.shared.sets.get() | set_bit(include));
    }

    /// Counts one less. A socket may say both that it failed and that it closed, so the count may come out too low; nobody
    /// must go unheard for that, so before it says "none" it looks.
    pub(super) fn left(&self) {
        let count = self.count().saturating_sub(1);
        self.shared.count.set(if count == 0 { sockets(&self.shared.raw, None).len() } else { count });
    }

    /// Tells a committed change, at the pace of the job; an `urgent` one at once.
    pub(super) fn tell(&self, document: &Document, lines: &[LogLine], urgent: bool) {
        let shared = &self.shared;
        if self.count() == 0 {
            return;
        }
        match &mut *shared.waiting.borrow_mut() {
            Some(waiting) => waiting.add(document, lines),
            none => *none = Some(PendingBroadcast::new(document, lines)),
        }
        let now_ms = js::now().millis();
        let before = shared.before.get();
        shared.before.set(Before { change_ms: Some(now_ms), ..before });
        match pace::when(urgent, now_ms, before, self.count()) {
            Broadcast::Now => shared.broadcast(),
            Broadcast::In(millis) if shared.timer.borrow().is_none() => {
                let timer = js::set_timeout(self.on_time.as_ref().unchecked_ref(), millis as f64);
                shared.timer.replace(Some(timer));
            }
            Broadcast::In(_) => {}
        }
    }

    /// Tells at once what waits.
    pub(super) fn flush(&self) {
        if self.shared.waiting.borrow().is_some() {
            self.shared.broadcast();
        }
    }

    /// Tells every viewer a problem after which there is nothing more to tell.
    pub(super) fn dismiss(&self, job_id: &str, problem: &Problem) {
        self.shared.calm();
        let bytes = array(&frame::problem(job_id, problem));
        for socket in sockets(&self.shared.raw, None) {
            send_array(&socket, &bytes);
            let _ = socket.close_with_code(1000);
        }
    }
}

impl Shared {
    /// Stops the timer and drops what waits.
    fn calm(&self) -> Option<PendingBroadcast> {
        if let Some(timer) = self.timer.take() {
            js::clear_timeout(&timer);
        }
        self.waiting.take()
    }

    /// Sends what waits: for each set of parts one encoding, whatever the number of viewers.
    fn broadcast(&self) {
        let Some(news) = self.calm() else { return };
        let now = js::now();
        self.before.set(Before { broadcast_ms: Some(now.millis()), ..self.before.get() });
        for include in (0..8).map(Include::from_bits).filter(|include| self.sets.get() & set_bit(*include) != 0) {
            let sockets = sockets(&self.raw, Some(include));
            if sockets.is_empty() {
                self.sets.set(self.sets.get() & !set_bit(include));
                continue;
            }
            let (frames, ended) = news.frames(include, now);
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
    // There are eight sets.
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
    // A viewer that is gone hears nothing, and comes back if it wants to.
    let _ = socket.send_with_js_u8_array(bytes);
}

/// Sends one frame to one viewer.
pub(super) fn send(socket: &WebSocket, frame: &[u8]) {
    send_array(socket.as_ref(), &array(frame));
}
