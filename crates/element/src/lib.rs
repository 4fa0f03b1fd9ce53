//! The door: what the JavaScript class of `<job-progress>` calls to put the widget on the client.
//!
//! # What this crate does not do
//!
//! It holds no view and no reconnect logic, and it defines no element: a custom element must be a JavaScript class,
//! which stands in `js/element.js`.
#![cfg(target_arch = "wasm32")]

mod attributes;
mod clock;
mod frame;
mod mounted;
mod panel;
mod report;
mod sight;

pub use mounted::Mounted;
use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};
use wasm_bindgen::prelude::wasm_bindgen;

/// The allocator of std is 2.5 KB of gzip heavier.
#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

/// The style sheet for the shadow root.
#[wasm_bindgen]
pub fn style() -> String {
    widget::STYLE.to_owned()
}
