//! A feed: the socket from the edge to a job's object, read by raw listeners.
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
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use worker::{
    WebSocket,
    worker_sys::web_sys::{self, BinaryType},
};

use crate::{bytes::Bytes, response::ErrorResponse};

/// The question for a sign of life, and the answer.
pub(crate) const PING: &str = "ping";
pub(crate) const PONG: &str = "pong";

/// An open socket; dropping it closes the socket and frees the listeners.
pub(crate) struct Feed {
    socket: web_sys::WebSocket,
    on_message: Closure<dyn FnMut(web_sys::MessageEvent)>,
    on_close: Closure<dyn FnMut(JsValue)>,
    /// Whether the last question was answered.
    is_answered: Rc<Cell<bool>>,
}

impl Feed {
    /// Listens to the object. `on_frame` receives the kind and the SSE bytes of each frame that this release knows;
    /// `on_end` is called when no more will come.
    pub(crate) fn open(
        socket: &WebSocket,
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
        let raw: &web_sys::WebSocket = socket.as_ref();
        #[cfg(feature = "leak-check")]
        crate::leak_check::watch(raw);
        // The default is a Blob, which cannot be read synchronously.
        raw.set_binary_type(BinaryType::Arraybuffer);
        raw.add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref())?;
        raw.add_event_listener_with_callback("close", on_close.as_ref().unchecked_ref())?;
        raw.add_event_listener_with_callback("error", on_close.as_ref().unchecked_ref())?;
        let feed = Feed { socket: raw.clone(), on_message, on_close, is_answered };
        socket.accept()?;
        Ok(feed)
    }

    /// Whether the other end has answered since the last call; asks it again.
    pub(crate) fn is_alive(&self) -> bool {
        self.is_answered.replace(false) && self.socket.send_with_str(PING).is_ok()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        // These calls fail only if the socket is closed already.
        let _ = self.socket.remove_event_listener_with_callback("message", self.on_message.as_ref().unchecked_ref());
        let _ = self.socket.remove_event_listener_with_callback("close", self.on_close.as_ref().unchecked_ref());
        let _ = self.socket.remove_event_listener_with_callback("error", self.on_close.as_ref().unchecked_ref());
        let _ = self.socket.close_with_code(1000);
    }
}
