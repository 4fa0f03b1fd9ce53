//! The relay: passes the frames of a stream's objects on to one browser.
//!
//! It passes each message from a raw listener to the writer of a native stream; it parses only the head line and uses no
//! channel. While a write is pending, the newest document of each job replaces the one before it, so a slow viewer costs
//! at most one document, [`engine::job_queue::LOG_BYTES`] of log and one final frame for each job, and
//! [`protocol::limits::STREAM_LOG_BYTES`] of log for all of them.

mod list;
mod listeners;
mod part;

use std::{cell::RefCell, rc::Rc};

use engine::{
    chunk::Chunk as _,
    frame::Kind,
    job_queue::{DocumentId, limit_log},
};
use protocol::{Problem, Timestamp, sse};
use wasm_bindgen::{JsValue, closure::Closure};
use worker::{Response, ResponseBuilder, worker_sys::web_sys::WritableStreamDefaultWriter};

use self::{list::List, listeners::Listeners, part::Part};
use crate::{
    bytes::{self, Bytes},
    context::RequestContext,
    feed::{Feed, Socket},
    js,
    metrics::OpenStream,
    response::{ErrorResponse, set},
};

/// The milliseconds after which a viewer reconnects if its stream breaks. Each viewer gets its own value, so that a
/// thousand whose streams break at once do not reconnect at once.
const RETRY_MS: (f64, f64) = (250.0, 1_750.0);
/// An SSE comment line. It ends no block: see [`protocol::sse::write_comment`].
const HEARTBEAT: &str = ": hb\n";
/// The id of the last frame of a stream of several jobs.
pub(crate) const ALL_ENDED: &str = "end";
/// The milliseconds after which a reader reconnects whose stream could not be opened.
pub(crate) const RETRY_LATER_MS: (f64, f64) = (10_000.0, 60_000.0);

/// A stream to one browser.
#[derive(Clone)]
pub(crate) struct Relay(Rc<RefCell<State>>);

struct State {
    writer: WritableStreamDefaultWriter,
    parts: Vec<Part>,
    /// The list, if the stream is one of a list.
    list: Option<List>,
    /// Whether the stream is of one job, whose frames carry its cursor.
    single: bool,
    /// Whether the objects may run on other machines.
    clustered: bool,
    /// Whether every job of the stream has joined.
    complete: bool,
    /// Whether a job could not be opened for a reason that may pass, so that the reader must reconnect.
    incomplete: bool,
    /// Whether the last write is pending.
    writing: bool,
    done: bool,
    /// The stream among those that a server counts; dropped when it ends.
    counted: Option<OpenStream>,
    /// Written before everything else.
    urgent: Option<Bytes>,
    listeners: Option<Listeners>,
}

thread_local! {
    /// Receives the failure of a write or a close that nothing awaits.
    static IGNORE: Closure<dyn FnMut(JsValue)> = Closure::new(|_| {});
}

impl Relay {
    /// Opens a stream. It ends with its jobs, when the browser leaves, at its maximum age, or with the server.
    pub(crate) fn open(ctx: &RequestContext, single: bool) -> Result<(Relay, Response), ErrorResponse> {
        let (signal, is_server) = (ctx.request.inner().signal(), ctx.config.is_server());
        let pipe = js::IdentityTransformStream::new();
        let writer = pipe.writable().get_writer()?;
        #[cfg(feature = "leak-check")]
        for value in [writer.as_ref(), signal.as_ref()] {
            crate::leak_check::watch(value);
        }
        let relay = Relay(Rc::new(RefCell::new(State {
            writer,
            parts: Vec::new(),
            list: None,
            single,
            clustered: ctx.config.clustered,
            complete: false,
            incomplete: false,
            writing: false,
            done: false,
            counted: is_server.then(OpenStream::count),
            urgent: Some(bytes_of(&opening())),
            listeners: None,
        })));
        let has_left = signal.aborted();
        let listeners = Listeners::new(&relay, signal, ctx.config.control_secret.is_some())?;
        relay.0.borrow_mut().listeners = Some(listeners);
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

    /// Passes on the frames that the object of a job sends over `socket`, from now on and until `expires_at`.
    pub(crate) fn join(
        &self,
        job_id: &str,
        socket: Socket,
        expires_at: Option<Timestamp>,
    ) -> Result<(), ErrorResponse> {
        if self.is_done() {
            // The viewer left while the socket was opening.
            return Ok(());
        }
        let index = self.add_part(job_id);
        let (for_frames, for_close) = (self.clone(), self.clone());
        #[cfg(not(panic = "unwind"))]
        crate::glue::end_with_instance(socket.raw(), &self.0.borrow().writer);
        let feed = Feed::open(
            socket,
            move |kind, sse| for_frames.push(index, &kind, sse),
            // The object was moved or restarted; the reader reconnects and finds it.
            move || for_close.lost(index),
        );
        let mut state = self.0.borrow_mut();
        if feed.is_err() {
            // It is the last part. A part that nothing fills would never end.
            state.parts.pop();
        }
        let feed = feed?;
        if let Some(part) = state.parts.get_mut(index) {
            part.fill(feed, expires_at);
        }
        state.watch_expiry();
        Ok(())
    }

    /// Reports the problem of one job, whose part of the stream ends with it. If the problem may pass, the stream ends
    /// within a minute, so that the reader reconnects.
    pub(crate) fn fail(&self, job_id: &str, problem: &Problem) {
        let index = self.add_part(job_id);
        {
            let mut state = self.0.borrow_mut();
            if let Some(part) = state.parts.get_mut(index) {
                part.queue.fail(problem);
            }
            if problem.code().is_temporary() && !std::mem::replace(&mut state.incomplete, true) {
                state.listeners.iter_mut().for_each(Listeners::end_soon);
            }
        }
        self.flush();
    }

    fn add_part(&self, job_id: &str) -> usize {
        let mut state = self.0.borrow_mut();
        let document_id = if state.single { DocumentId::Keep } else { DocumentId::Strip };
        state.parts.push(Part::new(job_id, document_id));
        state.parts.len().saturating_sub(1)
    }

    /// Says that no more jobs will join.
    pub(crate) fn complete(&self) {
        self.0.borrow_mut().complete = true;
        self.flush();
    }

    /// Whether the stream has ended.
    pub(crate) fn is_done(&self) -> bool {
        self.0.borrow().done
    }

    fn push(&self, index: usize, kind: &Kind, sse: Bytes) {
        {
            let mut state = self.0.borrow_mut();
            let Some(part) = state.parts.get_mut(index) else { return };
            let had_ended = part.queue.has_ended();
            part.queue.push(kind, sse);
            let is_retried = had_ended && !part.queue.has_ended();
            limit_log(&mut state.parts, |part| &mut part.queue);
            if is_retried {
                // While the job had ended, the expiry of its token did not matter.
                state.watch_expiry();
            }
        }
        self.flush();
    }

    /// The socket of a job closed; if the job has not ended, the reader must reconnect.
    fn lost(&self, index: usize) {
        let ended = self.0.borrow().parts.get(index).is_some_and(|part| part.queue.has_ended());
        if !ended {
            self.finish();
        }
    }

    fn beat(&self) {
        if self.0.borrow().has_lost_an_object() {
            // Another machine takes the object over; the reader reconnects and finds it there.
            return self.finish();
        }
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

    /// Writes what waits, unless a write is pending; ends the stream when every job has ended.
    fn flush(&self) {
        let over = {
            let mut state = self.0.borrow_mut();
            if state.writing || state.done {
                return;
            }
            let over = state.complete && state.all_ended();
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
            state.parts.iter_mut().for_each(|part| part.expire(now));
            state.list.iter_mut().for_each(|list| list.expire(now));
            state.watch_expiry();
        }
        self.flush();
    }

    /// Ends the stream and releases everything.
    fn finish(&self) {
        let (writer, parts, list, listeners) = {
            let mut state = self.0.borrow_mut();
            if state.done {
                return;
            }
            state.done = true;
            state.counted = None;
            (state.writer.clone(), std::mem::take(&mut state.parts), state.list.take(), state.listeners.take())
        };
        drop((parts, list, listeners));
        IGNORE.with(|ignore| {
            let _ = writer.close().catch(ignore);
        });
    }
}

impl State {
    fn all_ended(&self) -> bool {
        let has_list_ended = self.list.as_ref().is_none_or(|list| list.queue.has_ended());
        has_list_ended && self.parts.iter().all(|part| part.queue.has_ended())
    }

    /// Whether an object no longer answers, as far as it is asked.
    fn has_lost_an_object(&self) -> bool {
        self.clustered && !(self.parts.iter().all(Part::is_alive) && self.list.iter().all(List::is_alive))
    }

    /// Sets the timer for the first token that expires.
    fn watch_expiry(&mut self) {
        let of_list = self.list.as_ref().and_then(List::expires_at);
        let first = self.parts.iter().filter_map(Part::expires_at).chain(of_list).min();
        self.listeners.iter_mut().for_each(|listeners| listeners.watch_expiry(first));
    }

    /// Writes everything that waits as one chunk; `over` says that nothing will follow.
    fn write(&mut self, over: bool) {
        let mut chunks: Vec<Bytes> = self.urgent.take().into_iter().collect();
        // A reader that reconnects with the id `end` has seen the end of all jobs, so only the last frame of the stream
        // has it. While jobs may still join, it is not known which frame that is; so if all jobs of the moment have ended,
        // their final frames wait.
        let all_ended = self.all_ended();
        let has_final_frame = |part: &Part| part.queue.has_final_frame();
        let last = self.parts.iter().rposition(has_final_frame).filter(|_| over && !self.single && !self.incomplete);
        for (index, part) in self.parts.iter_mut().enumerate() {
            part.queue.drain(|bytes| chunks.push(bytes));
            if over || !all_ended {
                let end_id = (last == Some(index)).then_some(ALL_ENDED);
                part.queue.drain_final_frame(end_id, |bytes| chunks.push(bytes));
            }
        }
        if let Some(list) = &mut self.list {
            list.queue.drain(|bytes| chunks.push(bytes));
        }
        let Some(listeners) = self.listeners.as_ref().filter(|_| !chunks.is_empty()) else { return };
        self.writing = true;
        let written = self.writer.write_with_chunk(&bytes::concat(&chunks));
        let _ = written.then2(&listeners.on_written, &listeners.on_failed);
    }
}

/// Sent at once, so that every proxy on the way forwards the head of the response.
fn opening() -> String {
    comment_and_retry("ok", RETRY_MS)
}

/// A comment line and a `retry` line with a random time in that range of milliseconds. They end no block.
pub(crate) fn comment_and_retry(comment: &'static str, (min_ms, max_ms): (f64, f64)) -> String {
    let mut lines = String::new();
    // The comments are constants without line breaks, so they can always be written.
    let _ = sse::write_comment(&mut lines, comment);
    sse::write_retry(&mut lines, js::random_between(min_ms, max_ms) as u64);
    lines
}

fn bytes_of(text: &str) -> Bytes {
    Bytes::from_bytes(text.as_bytes())
}
