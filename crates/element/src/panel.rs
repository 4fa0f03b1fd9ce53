//! The panel: what only the detailed variant shows. It is drawn by a script that is loaded when it is first needed.

use std::cell::RefCell;

use client::browser::Value;
use js_sys::Array;
use protocol::Timestamp;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::HtmlElement;

/// The most log lines kept for a panel that is not open yet; the panel shows no more either.
const LINES: u32 = 500;

#[wasm_bindgen]
extern "C" {
    /// The class in `crates/widget/panel/panel.js`. It catches its own errors and writes them to the console.
    #[wasm_bindgen(js_name = Panel)]
    pub(crate) type Script;

    #[wasm_bindgen(method, js_name = setLocale)]
    fn set_locale(this: &Script, messages: &JsValue, tag: &str);
    #[wasm_bindgen(method, js_name = setDocument)]
    fn set_document(this: &Script, document: &JsValue, exact_text: Option<String>);
    #[wasm_bindgen(method, js_name = addLines)]
    fn add_lines(this: &Script, lines: &Array);
    #[wasm_bindgen(method)]
    fn paint(this: &Script, now: f64, is_open: bool) -> bool;
    #[wasm_bindgen(method)]
    fn close(this: &Script);
}

/// The panel of an element, if it is open, and the log lines that it will show once it opens.
#[derive(Default)]
pub(crate) struct Panel {
    script: RefCell<Option<Script>>,
    lines: RefCell<Array>,
}

impl Panel {
    /// Whether the panel is open.
    pub(crate) fn is_open(&self) -> bool {
        self.script.borrow().is_some()
    }

    /// Opens the panel in `root` with the script's function `make`, unless it is open.
    pub(crate) fn open(&self, make: JsValue, root: &HtmlElement) {
        let make = make.unchecked_into::<js_sys::Function>();
        if !self.is_open()
            && let Ok(script) = make.call1(&JsValue::UNDEFINED, root)
        {
            let script = script.unchecked_into::<Script>();
            script.add_lines(&self.lines.borrow());
            self.script.replace(Some(script));
        }
    }

    /// Removes the panel.
    pub(crate) fn close(&self) {
        if let Some(script) = self.script.take() {
            script.close();
        }
    }

    /// Sets the texts, and the language of numbers and times, a BCP 47 tag.
    pub(crate) fn set_locale(&self, messages: &JsValue, tag: &str) {
        self.with(|script| script.set_locale(messages, tag));
    }

    /// Sets the document; `None` forgets the job, before another one is shown.
    pub(crate) fn set_document(&self, document: Option<&Value>) {
        if document.is_none() {
            self.lines.take();
        }
        self.with(|script| match document {
            Some(document) => script.set_document(document.as_js(), document.exact_text()),
            None => script.set_document(&JsValue::NULL, None),
        });
    }

    /// Adds log lines, `{number, at, level?, message}`, in order. The script drops those that it already has.
    pub(crate) fn add_lines(&self, lines: &Array) {
        let all = self.lines.borrow().concat(lines);
        self.lines.replace(all.slice(all.length().saturating_sub(LINES), all.length()));
        self.with(|script| script.add_lines(lines));
    }

    /// Writes to the DOM what has changed, as of `now`; `is_open` says whether updates may still arrive. Returns whether the
    /// panel needs a paint each second.
    pub(crate) fn paint(&self, now: Timestamp, is_open: bool) -> bool {
        self.with(|script| script.paint(now.millis() as f64, is_open)).unwrap_or(false)
    }

    fn with<T>(&self, call: impl FnOnce(&Script) -> T) -> Option<T> {
        self.script.borrow().as_ref().map(call)
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        self.close();
    }
}
