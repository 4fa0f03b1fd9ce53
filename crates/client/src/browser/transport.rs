//! The transport: the page's own `fetch`, called by a script, `js/transport.js`.
//!
//! A request and its response pass through a dozen of the browser's types. A script does that in a few hundred bytes; in
//! Rust it took four kilobytes (gzip) of bindings and futures.

use std::cell::RefCell;

use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static TRANSPORT: RefCell<Option<Transport>> = const { RefCell::new(None) };
}

#[wasm_bindgen]
extern "C" {
    /// The script's object that sends requests. It passes their events to
    /// [`on_transport_event`](super::on_transport_event), with the request's number.
    #[derive(Clone, Debug)]
    pub type Transport;

    /// Sends a request: a POST for a stream if there is a body, else a GET; no Content-Type, no cookies, no cache.
    #[wasm_bindgen(method)]
    pub(super) fn open(this: &Transport, number: f64, url: &str, token: Option<String>, body: Option<String>);

    /// Awaits a promised token and passes the result to [`on_token_renewed`](super::on_token_renewed), with that number.
    #[wasm_bindgen(method)]
    pub(super) fn renew(this: &Transport, number: f64, token: &Promise);

    /// Aborts a request.
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &Transport, number: f64);
}

/// Sets the transport; nothing can be subscribed to before.
pub fn set_transport(transport: Transport) {
    TRANSPORT.with_borrow_mut(|slot| *slot = Some(transport));
}

/// The number of a request, or of a job's key, that is unique on the page: the script knows nothing of connections.
pub(super) fn number(driver: u32, id: u32) -> f64 {
    (u64::from(driver) << 32 | u64::from(id)) as f64
}

/// The driver that a number belongs to, and the request's id or the job's key there.
pub(super) fn parts(number: f64) -> (u32, u32) {
    let number = number as u64;
    ((number >> 32) as u32, number as u32)
}

pub(super) fn with(act: impl FnOnce(&Transport)) {
    // A clone, because the script may call back at once.
    if let Some(transport) = TRANSPORT.with_borrow(Clone::clone) {
        act(&transport);
    }
}
