//! A feed: the socket from the edge to a job's object, read by raw listeners.
//!
//! Its messages stay in JavaScript's memory, but for their first line: to copy each into Rust and back would cost more
//! than all the rest of the relay.

use engine::frame::{HEAD_BYTES, Kind};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use worker::{
    WebSocket,
    worker_sys::web_sys::{self, BinaryType},
};

use crate::answer::Refusal;

/// An open socket; dropping it closes the socket and frees the listeners.
pub(crate) struct Feed {
    socket: web_sys::WebSocket,
    on_message: Closure<dyn FnMut(web_sys::MessageEvent)>,
    on_close: Closure<dyn FnMut(JsValue)>,
}

impl Feed {
    /// Listens to the object: `frame` hears every frame that this release knows and gets its SSE, `closed` hears that no
    /// more will come.
    pub(crate) fn open(
        socket: &WebSocket,
        mut frame: impl FnMut(Kind, Uint8Array) + 'static,
        mut closed: impl FnMut() + 'static,
    ) -> Result<Feed, Refusal> {
        let on_message = Closure::own_assert_unwind_safe(move |message: web_sys::MessageEvent| {
            let Ok(buffer) = message.data().dyn_into::<ArrayBuffer>() else { return };
            let bytes = Uint8Array::new(&buffer);
            let head = bytes.subarray(0, HEAD_BYTES as u32).to_vec();
            if let Some((kind, head_bytes)) = Kind::read(&head) {
                frame(kind, rest_after(&bytes, head_bytes));
            }
        });
        let on_close = Closure::own_assert_unwind_safe(move |_: JsValue| closed());
        let raw: &web_sys::WebSocket = socket.as_ref();
        #[cfg(feature = "leak-check")]
        crate::leak_check::watch(raw);
        // The default is a Blob, which cannot be read at once.
        raw.set_binary_type(BinaryType::Arraybuffer);
        raw.add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref())?;
        raw.add_event_listener_with_callback("close", on_close.as_ref().unchecked_ref())?;
        raw.add_event_listener_with_callback("error", on_close.as_ref().unchecked_ref())?;
        let feed = Feed { socket: raw.clone(), on_message, on_close };
        socket.accept()?;
        Ok(feed)
    }
}

/// What follows the first `skip` bytes.
pub(crate) fn rest_after(bytes: &Uint8Array, skip: usize) -> Uint8Array {
    bytes.subarray(u32::try_from(skip).unwrap_or(u32::MAX), bytes.length())
}

impl Drop for Feed {
    fn drop(&mut self) {
        // A socket that is closed already has nothing to close, and there is nobody to tell.
        let _ = self.socket.remove_event_listener_with_callback("message", self.on_message.as_ref().unchecked_ref());
        let _ = self.socket.remove_event_listener_with_callback("close", self.on_close.as_ref().unchecked_ref());
        let _ = self.socket.remove_event_listener_with_callback("error", self.on_close.as_ref().unchecked_ref());
        let _ = self.socket.close_with_code(1000);
    }
}
