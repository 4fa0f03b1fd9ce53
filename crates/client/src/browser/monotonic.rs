//! The monotonic clock of the page.

use js_sys::Date;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    /// The time of day when this clock read 0.
    static ORIGIN: f64 = Date::now() - performance_now();
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds since the Unix epoch by the time of day that the device showed at first. Setting that time later does
/// not change it.
pub fn monotonic() -> u64 {
    ORIGIN.with(|origin| (origin + performance_now()) as u64)
}
