//! The console: what the developer of a page should know, said once a page however many elements have it to say.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

/// How many different things are said.
const MOST: usize = 50;

thread_local! {
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    fn write(who: &str, about: &str);
}

/// Warns of `about`, unless that was done before.
pub(crate) fn warn(about: &str) {
    SAID.with_borrow_mut(|said| {
        if said.len() < MOST && said.iter().all(|other| other != about) {
            said.push(about.to_owned());
            write("<job-progress>", about);
        }
    });
}
