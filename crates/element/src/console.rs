//! The console: warnings for the developer of a page, each written once a page, however many elements have it.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

/// The most different warnings of a page; more are not written.
const MOST: usize = 50;

thread_local! {
    static WRITTEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    fn write(prefix: &str, message: &str);
}

/// Writes a warning, unless it was written before.
pub(crate) fn warn(message: &str) {
    WRITTEN.with_borrow_mut(|written| {
        if written.len() < MOST && written.iter().all(|other| other != message) {
            written.push(message.to_owned());
            write("<job-progress>", message);
        }
    });
}
