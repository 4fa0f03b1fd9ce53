//! The transport: the page's own `fetch`, lent by a script, `js/transport.js`.
//!
//! A request and its answer pass through a dozen of the browser's types. A script does that in a few hundred bytes; from
//! here it took four kilobytes (gzip) of bindings and futures.

use std::cell::RefCell;

use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static TRANSPORT: RefCell<Option<Transport>> = const { RefCell::new(None) };
}

#[wasm_bindgen]
extern "C" {
    /// What sends requests. What becomes of one is told to [`heard`](super::heard) under its number.
    #[derive(Clone)]
    pub type Transport;

    /// Sends a request: with a body it is a POST for a stream, else a GET; no Content-Type, no cookies, no cache.
    #[wasm_bindgen(method)]
    pub(super) fn open(this: &Transport, number: f64, url: &str, token: Option<String>, body: Option<String>);

    /// Waits for a token that was promised and tells it, or that there is none, under that number.
    #[wasm_bindgen(method)]
    pub(super) fn renew(this: &Transport, number: f64, token: &Promise);

    /// Gives a request up.
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &Transport, number: f64);
}

/// Takes what sends requests; nothing can be watched before.
pub fn lend(transport: Transport) {
    TRANSPORT.with_borrow_mut(|slot| *slot = Some(transport));
}

/// The number of a request, or of a key, on a line.
pub(super) fn number(line: u32, own: u32) -> f64 {
    (u64::from(line) << 32 | u64::from(own)) as f64
}

/// The line that a number is of, and what it is there.
pub(super) fn parts(number: f64) -> (u32, u32) {
    let number = number as u64;
    ((number >> 32) as u32, number as u32)
}

pub(super) fn with(act: impl FnOnce(&Transport)) {
    // The script may call back at once.
    if let Some(transport) = TRANSPORT.with_borrow(Clone::clone) {
        act(&transport);
    }
}
