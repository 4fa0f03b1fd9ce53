//! Producers' texts as people read them.

use leptos::wasm_bindgen::{self, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/js/text.js")]
extern "C" {
    /// The text without what is meant for a terminal; of several lines, as in a stack trace, the one that says most. A
    /// script does that, because the expressions of a browser weigh nothing.
    pub fn summary(text: &str) -> String;
}
