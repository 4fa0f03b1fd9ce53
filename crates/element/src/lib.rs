//! The custom element `<job-progress>`: what its JavaScript class calls in the wasm, which connects the client to the view.
//!
//! A custom element must be a JavaScript class; it is in `js/element.js`. [`Mounted`] is one element's part in the wasm,
//! which `js/full.js` starts. Where a page forbids wasm, `js/plain.js` takes its place.
//!
//! # What this crate does not do
//!
//! It contains no view and no reconnect logic: those are in the crates `widget` and `client`, and so are the scripts that do
//! their work where the wasm cannot:
//!
//! - `client/js/send.js` and `transport.js` send the requests; in Rust that would be 4 KB (gzip) more.
//! - `client/js/early.js` requests the state while the wasm is loading, and `js/preview.js` shows it.
//! - `client/js/polling.js` polls a job while the wasm is loading and no stream opens, and where a page forbids wasm.
#![cfg(target_arch = "wasm32")]

mod attributes;
mod document;
mod hooks;
mod mounted;
mod panel;
mod visibility;

use client::{
    Input,
    browser::{Transport, on_token_renewed, on_transport_event},
    connection::{Renewal, ResponseHead},
};
pub use mounted::Mounted;
use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};
use wasm_bindgen::prelude::wasm_bindgen;

/// The allocator of std is 2.5 KB of gzip heavier.
#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

/// Sets the transport, which sends the requests.
#[wasm_bindgen(js_name = setTransport)]
pub fn set_transport(transport: Transport) {
    client::browser::set_transport(transport);
}

/// Called by the transport with the head of a response: `retry_after` in seconds, `date` in milliseconds since the Unix
/// epoch; NaN stands for a missing header.
#[wasm_bindgen]
pub fn head(id: f64, status: u16, is_stream: bool, retry_after: f64, date: f64) {
    let known = |number: f64| (number >= 0.0).then_some(number as u64);
    let head = ResponseHead { status, is_stream, retry_after: known(retry_after), date: known(date) };
    on_transport_event(id, |request| Input::Head(request, head));
}

/// Called by the transport with bytes of a response's body.
#[wasm_bindgen]
pub fn bytes(id: f64, bytes: &[u8]) {
    on_transport_event(id, |request| Input::Bytes(request, bytes));
}

/// Called by the transport with the new token, or with `None` if the page's token provider returned none.
#[wasm_bindgen]
pub fn renewed(id: f64, token: Option<String>) {
    let token = token.filter(|token| !token.is_empty());
    on_token_renewed(id, token.map_or(Renewal::Failed, Renewal::Token));
}

/// Called by the transport when a response is complete or has failed.
#[wasm_bindgen]
pub fn end(id: f64, is_complete: bool) {
    on_transport_event(id, if is_complete { Input::Closed } else { Input::Failed });
}
