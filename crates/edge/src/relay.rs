//! The relay: what the objects of a stream tell, passed on to one browser.
//!
//! It hands each message from a raw listener to the writer of a native stream; nothing is parsed, nothing waits in a
//! channel. While a write is under way the newest document of each job replaces the one before it, so a slow viewer holds
//! at most one document, [`engine::job_queue::LOG_BYTES`] of log and an end for
//! each job.

use std::{cell::RefCell, rc::Rc};

use engine::{frame::Kind, job_queue::DocumentId};
use js_sys::Uint8Array;
use protocol::{Problem, Timestamp};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use worker::{
    Response, ResponseBuilder, WebSocket,
    worker_sys::web_sys::{AbortSignal, WritableStreamDefaultWriter},
};

use crate::{
    answer::{Refusal, set},
    feed::Feed,
    js,
    lane::Lane,
};

/// Milliseconds after which a viewer whose stream was cut comes back; each is told its own, so that a thousand who were
/// cut at once do not come back at once.
const RETRY_MS: (f64, f64) = (250.0, 1_750.0);
/// A sign of life.
const HEARTBEAT: &str = ":\n\n";
/// The id of the last frame of a stream of many jobs.
pub(crate) const ALL_ENDED: &str = "end";

/// Milliseconds between signs of life: proxies drop what is silent for a minute, often sooner.
const HEARTBEAT_MS: f64 = 12_000.0;
/// A stream ends by itself after 3 to 5 hours, the bound for a viewer whose leaving nobody noticed; not sooner, since
/// each return wakes the object for ten seconds.
const AGE_MS: (f64, f64) = (3.0 * 3_600_000.0, 5.0 * 3_600_000.0);

/// A stream to one browser.
#[derive(Clone)]
pub(crate) struct Relay(Rc<RefCell<State>>);

struct State {
    writer: WritableStreamDefaultWriter,
    lanes: Vec<Lane>,
    /// Whether there is one job only, whose frames carry its cursor.
    single: bool,
    /// Whether every lane there will be is there.
    complete: bool,
    /// Whether the last write has not been taken yet.
    writing: bool,
    done: bool,
    /// What goes out before everything else.
    urgent: Option<Uint8Array>,
    listeners: Option<Listeners>,
}

/// What keeps the relay alive, and what must be let go when it ends.
struct Listeners {
    signal: AbortSignal,
    left: Closure<dyn FnMut()>,
    written: Closure<dyn FnMut(JsValue)>,
    failed: Closure<dyn FnMut(JsValue)>,
    beating: JsValue,
    ageing: JsValue,
    /// Fires when the first token of the stream ends.
    expired: Closure<dyn FnMut()>,
    expiring: Option<JsValue>,
    /// The callbacks of the other timers, kept as long as these run.
    _timed: [Closure<dyn FnMut()>; 2],
}

thread_local! {
    /// Takes the failure of a write or a close that nobody waits for.
    static IGNORE: Closure<dyn FnMut(JsValue)> = Closure::new(|_| {});
}

impl Relay {
    /// A stream that ends with its jobs, when `signal` says that the browser left, or by its age.
    pub(crate) fn open(signal: AbortSignal, single: bool) -> Result<(Relay, Response), Refusal> {
        let pipe = js::IdentityTransformStream::new();
        let writer = pipe.writable().get_writer()?;
        #[cfg(feature = "leak-check")]
        for its in [writer.as_ref(), signal.as_ref()] {
            crate::leak_check::watch(its);
        }
        let relay = Relay(Rc::new(RefCell::new(State {
            writer,
            lanes: Vec::new(),
            single,
            complete: false,
            writing: false,
            done: false,
            urgent: Some(bytes_of(&opening())),
            listeners: None,
        })));
        let has_left = signal.aborted();
        relay.listen(signal)?;
        relay.flush();
        if has_left {
            relay.finish();
        }
        let response = ResponseBuilder::new().stream(pipe.readable());
        let headers = &response.headers().0;
        set(headers, "Content-Type", "text/event-stream; charset=utf-8");
        set(headers, "Cache-Control", "no-cache, no-store, no-transform");
        set(headers, "X-Accel-Buffering", "no");
        Ok((relay, response))
    }

    fn listen(&self, signal: AbortSignal) -> Result<(), Refusal> {
        let on = |act: fn(&Relay)| {
            let relay = self.clone();
            move || act(&relay)
        };
        let left = Closure::own_assert_unwind_safe(on(Relay::finish));
        let (then, or_else) = (on(Relay::written), on(Relay::finish));
        let written = Closure::own_assert_unwind_safe(move |_: JsValue| then());
        let failed = Closure::own_assert_unwind_safe(move |_: JsValue| or_else());
        let expired = Closure::own_assert_unwind_safe(on(Relay::expire));
        let beat: Closure<dyn FnMut()> = Closure::own_assert_unwind_safe(on(Relay::beat));
        let aged: Closure<dyn FnMut()> = Closure::own_assert_unwind_safe(on(Relay::finish));
        signal.add_event_listener_with_callback("abort", left.as_ref().unchecked_ref())?;
        let beating = js::set_interval(beat.as_ref().unchecked_ref(), HEARTBEAT_MS);
        let ageing = js::set_timeout(aged.as_ref().unchecked_ref(), js::random_between(AGE_MS.0, AGE_MS.1));
        let _timed = [beat, aged];
        let listeners = Listeners { signal, left, written, failed, beating, ageing, expired, expiring: None, _timed };
        self.0.borrow_mut().listeners = Some(listeners);
        Ok(())
    }

    /// Passes on what the object of a job tells over `socket`, from now on and until `expires_at`.
    pub(crate) fn join(&self, job_id: &str, socket: &WebSocket, expires_at: Option<Timestamp>) -> Result<(), Refusal> {
        if self.is_done() {
            // It left while the socket was opening, and nobody would ever close it.
            socket.accept()?;
            return Ok(socket.close(Some(1000), None::<&str>)?);
        }
        let index = self.add_lane(job_id);
        let (told, closed) = (self.clone(), self.clone());
        #[cfg(not(panic = "unwind"))]
        crate::crossing::end_with_instance(socket.as_ref(), &self.0.borrow().writer);
        let feed = Feed::open(
            socket,
            move |kind, sse| told.take(index, &kind, sse),
            // An object that was moved or renewed; the reader comes back and finds it.
            move || closed.lost(index),
        )?;
        let mut state = self.0.borrow_mut();
        if let Some(lane) = state.lanes.get_mut(index) {
            lane.keep(feed, expires_at);
        }
        state.watch_expiry();
        Ok(())
    }

    /// Tells the problem of one job, whose lane ends with it.
    pub(crate) fn refuse(&self, job_id: &str, problem: &Problem) {
        let index = self.add_lane(job_id);
        if let Some(lane) = self.0.borrow_mut().lanes.get_mut(index) {
            lane.refuse(problem);
        }
        self.flush();
    }

    fn add_lane(&self, job_id: &str) -> usize {
        let mut state = self.0.borrow_mut();
        let document_id = if state.single { DocumentId::Keep } else { DocumentId::Strip };
        state.lanes.push(Lane::new(job_id, document_id));
        state.lanes.len().saturating_sub(1)
    }

    /// No more jobs will join.
    pub(crate) fn complete(&self) {
        self.0.borrow_mut().complete = true;
        self.flush();
    }

    /// Whether nobody listens any more.
    pub(crate) fn is_done(&self) -> bool {
        self.0.borrow().done
    }

    fn take(&self, index: usize, kind: &Kind, sse: Uint8Array) {
        {
            let mut state = self.0.borrow_mut();
            let Some(lane) = state.lanes.get_mut(index) else { return };
            lane.push(kind, sse);
        }
        self.flush();
    }

    fn lost(&self, index: usize) {
        let ended = self.0.borrow().lanes.get(index).is_some_and(Lane::has_ended);
        if !ended {
            self.finish();
        }
    }

    fn beat(&self) {
        {
            let mut state = self.0.borrow_mut();
            if !state.writing {
                state.urgent = Some(bytes_of(HEARTBEAT));
            }
        }
        self.flush();
    }

    fn written(&self) {
        self.0.borrow_mut().writing = false;
        self.flush();
    }

    /// Writes what waits, unless a write is under way; ends the stream when every job has ended.
    fn flush(&self) {
        let over = {
            let mut state = self.0.borrow_mut();
            if state.writing || state.done {
                return;
            }
            let over = state.complete && state.lanes.iter().all(Lane::has_ended);
            state.write(over);
            over && !state.writing
        };
        if over {
            self.finish();
        }
    }

    fn expire(&self) {
        {
            let mut state = self.0.borrow_mut();
            let now = js::now();
            state.lanes.iter_mut().for_each(|lane| lane.expire(now));
            state.watch_expiry();
        }
        self.flush();
    }

    /// Ends the stream and lets everything go.
    fn finish(&self) {
        let (writer, lanes, listeners) = {
            let mut state = self.0.borrow_mut();
            if state.done {
                return;
            }
            state.done = true;
            (state.writer.clone(), std::mem::take(&mut state.lanes), state.listeners.take())
        };
        drop(lanes);
        IGNORE.with(|ignore| {
            let _ = writer.close().catch(ignore);
        });
        if let Some(listeners) = listeners {
            js::clear_interval(&listeners.beating);
            js::clear_timeout(&listeners.ageing);
            if let Some(expiring) = &listeners.expiring {
                js::clear_timeout(expiring);
            }
            let left = listeners.left.as_ref().unchecked_ref();
            let _ = listeners.signal.remove_event_listener_with_callback("abort", left);
        }
    }
}

impl State {
    /// Sets the timer for the first token that ends.
    fn watch_expiry(&mut self) {
        let first = self.lanes.iter().filter_map(Lane::expires_at).min();
        let Some(listeners) = &mut self.listeners else { return };
        if let Some(expiring) = listeners.expiring.take() {
            js::clear_timeout(&expiring);
        }
        listeners.expiring = first.map(|first| {
            // A token that outlives the stream must not overflow the timer, which counts to 2^31 ms.
            let millis = (first.millis().saturating_sub(js::now().millis()) as f64).min(AGE_MS.1);
            js::set_timeout(listeners.expired.as_ref().unchecked_ref(), millis)
        });
    }

    /// Writes everything that waits in one piece; `over` says that nothing will follow.
    fn write(&mut self, over: bool) {
        let mut pieces: Vec<Uint8Array> = self.urgent.take().into_iter().collect();
        // Who comes back with this id has seen them all end, so the very last words bear it. While jobs may still join, it
        // is not known which those are, and when all there are have ended, theirs wait.
        let ended = self.lanes.iter().all(Lane::has_ended);
        let last = self.lanes.iter().rposition(Lane::has_final_frame).filter(|_| over && !self.single);
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            lane.drain(|piece| pieces.push(piece));
            if over || !ended {
                let end_id = (last == Some(index)).then_some(ALL_ENDED);
                lane.drain_final_frame(end_id, |piece| pieces.push(piece));
            }
        }
        let Some(listeners) = self.listeners.as_ref().filter(|_| !pieces.is_empty()) else { return };
        self.writing = true;
        let _ = self.writer.write_with_chunk(&joined(&pieces)).then2(&listeners.written, &listeners.failed);
    }
}

/// The pieces as one; a single one is passed on as it is.
fn joined(pieces: &[Uint8Array]) -> Uint8Array {
    if let [only] = pieces {
        return only.clone();
    }
    let bytes = pieces.iter().fold(0_u32, |bytes, piece| bytes.saturating_add(piece.length()));
    let whole = Uint8Array::new_with_length(bytes);
    let mut offset = 0_u32;
    for piece in pieces {
        whole.set(piece, offset);
        offset = offset.saturating_add(piece.length());
    }
    whole
}

/// Sent at once, so that every proxy on the way lets the head of the answer through.
fn opening() -> String {
    format!(": ok\nretry: {:.0}\n\n", js::random_between(RETRY_MS.0, RETRY_MS.1))
}

fn bytes_of(text: &str) -> Uint8Array {
    Uint8Array::from(text.as_bytes())
}
