//! The door: what the JavaScript class of `<job-progress>` calls to put the widget on the client.
//!
//! # What this crate does not do
//!
//! It holds no view and no reconnect logic: those are the widget's and the client's, and so are the scripts that do their
//! work where the wasm cannot, in `js/` beside each.
//!
//! - `client/js/transport.js` sends the requests, a script that the wasm is lent: in Rust it would be 4 KB (gzip) more.
//! - `client/js/early.js` asks for the state while the wasm is on its way, and `widget/js/paint.js` shows it.
//! - `client/js/polling.js` follows a job where a page forbids wasm, and `widget/js/plain.js` shows it there.
//!
//! It defines no element either: a custom element must be a JavaScript class, which stands in `js/element.js`. `js/plain.js`
//! joins polling and picture where a page forbids wasm, as [`Mounted`] joins client and widget.
#![cfg(target_arch = "wasm32")]

mod attributes;
mod clock;
mod console;
mod frame;
mod mounted;
mod panel;
mod print;
mod report;
mod sight;

use client::{
    Input,
    browser::{Transport, heard},
    connection::{Renewal, ResponseHead},
};
pub use mounted::Mounted;
use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};
use wasm_bindgen::prelude::wasm_bindgen;

/// The allocator of std is 2.5 KB of gzip heavier.
#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

/// Takes what sends requests; see [`Transport`].
#[wasm_bindgen]
pub fn lend(transport: Transport) {
    client::browser::lend(transport);
}

/// The head of an answer is there; `retry_after` is in seconds, `date` in milliseconds since the Unix epoch, and what is
/// missing NaN.
#[wasm_bindgen]
pub fn head(number: f64, status: u16, is_stream: bool, retry_after: f64, date: f64) {
    let known = |number: f64| (number >= 0.0).then_some(number as u64);
    let head = ResponseHead { status, is_stream, retry_after: known(retry_after), date: known(date) };
    heard(number, |request| Input::Head(request, head));
}

/// Bytes of an answer are there.
#[wasm_bindgen]
pub fn bytes(number: f64, bytes: &[u8]) {
    heard(number, |request| Input::Bytes(request, bytes));
}

/// The token that was asked for is there, or not to be had this time.
#[wasm_bindgen]
pub fn renewed(number: f64, token: Option<String>) {
    let token = token.filter(|token| !token.is_empty());
    heard(number, |key| Input::Renewed(key, token.map_or(Renewal::Failed, Renewal::Token)));
}

/// An answer is complete, or was cut.
#[wasm_bindgen]
pub fn end(number: f64, is_complete: bool) {
    heard(number, if is_complete { Input::Closed } else { Input::Failed });
}

/// The style sheet for the shadow root.
#[wasm_bindgen]
pub fn style() -> String {
    widget::STYLE.to_owned()
}
