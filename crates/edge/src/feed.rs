//! A feed: the socket from the edge to an object, read by raw listeners.
//!
//! Only the first line of a message is copied into wasm.
//!
//! In a cluster the object may run on a machine that freezes or loses its network. The runtime then leaves the socket open
//! for as long as the connection between the machines seems to be, so the edge asks for a sign of life now and then. The
//! runtime gives it in place of the object, which sleeps on.

use std::{cell::Cell, rc::Rc};

use engine::{
    chunk::Chunk as _,
    frame::{HEAD_BYTES, Kind},
};
use js_sys::{ArrayBuffer, Function, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use worker::{
    Response, Result, WebSocket,
    worker_sys::web_sys::{self, BinaryType},
};

use crate::{bytes::Bytes, response::ErrorResponse};

/// The question for a sign of life, and the answer.
pub(crate) const PING: &str = "ping";
pub(crate) const PONG: &str = "pong";

/// A socket that an object has opened. Dropping it closes it, for nothing else would.
pub(crate) struct Socket {
    socket: WebSocket,
    is_accepted: bool,
}

impl Socket {
    /// The socket of a reply; `None` if the object has opened none.
    pub(crate) fn of(reply: Response) -> Option<Socket> {
        reply.websocket().map(|socket| Socket { socket, is_accepted: false })
    }

    /// The socket as the platform knows it.
    pub(crate) fn raw(&self) -> &web_sys::WebSocket {
        self.socket.as_ref()
    }

    fn accept(&mut self) -> Result<()> {
        self.is_accepted = true;
        self.socket.accept()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // These calls fail only if the socket is closed already.
        if !self.is_accepted {
            let _ = self.accept();
        }
        let _ = self.raw().close_with_code(1000);
    }
}

/// The frames of an open socket; dropping it closes the socket and frees the listeners.
pub(crate) struct Feed {
    socket: Socket,
    on_message: Closure<dyn FnMut(web_sys::MessageEvent)>,
    on_close: Closure<dyn FnMut(JsValue)>,
    /// Whether the last question was answered.
    is_answered: Rc<Cell<bool>>,
}

impl Feed {
    /// Listens to the object. `on_frame` receives the kind and the SSE bytes of each frame that this release knows;
    /// `on_end` is called when no more will come.
    pub(crate) fn open(
        socket: Socket,
        mut on_frame: impl FnMut(Kind, Bytes) + 'static,
        mut on_end: impl FnMut() + 'static,
    ) -> Result<Feed, ErrorResponse> {
        let is_answered = Rc::new(Cell::new(true));
        let answered = Rc::clone(&is_answered);
        let on_message = Closure::own_assert_unwind_safe(move |message: web_sys::MessageEvent| {
            let Ok(buffer) = message.data().dyn_into::<ArrayBuffer>() else { return answered.set(true) };
            let bytes = Uint8Array::new(&buffer);
            let head = bytes.subarray(0, HEAD_BYTES as u32).to_vec();
            if let Some((kind, head_bytes)) = Kind::read(&head) {
                on_frame(kind, Bytes(bytes).rest_after(head_bytes));
            }
        });
        let on_close = Closure::own_assert_unwind_safe(move |_: JsValue| on_end());
        let mut feed = Feed { socket, on_message, on_close, is_answered };
        let raw = feed.socket.raw();
        #[cfg(feature = "leak-check")]
        crate::leak_check::watch(raw);
        // The default is a Blob, which cannot be read synchronously.
        raw.set_binary_type(BinaryType::Arraybuffer);
        for (event, listener) in feed.listeners() {
            raw.add_event_listener_with_callback(event, listener)?;
        }
        feed.socket.accept()?;
        Ok(feed)
    }

    /// Whether the other end has answered since the last call; asks it again.
    pub(crate) fn is_alive(&self) -> bool {
        self.is_answered.replace(false) && self.socket.raw().send_with_str(PING).is_ok()
    }

    fn listeners(&self) -> [(&'static str, &Function); 3] {
        let (message, close) = (self.on_message.as_ref().unchecked_ref(), self.on_close.as_ref().unchecked_ref());
        [("message", message), ("close", close), ("error", close)]
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        for (event, listener) in self.listeners() {
            // A listener that was not added is removed without an error.
            let _ = self.socket.raw().remove_event_listener_with_callback(event, listener);
        }
    }
}
