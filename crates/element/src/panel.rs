//! The panel: what only the detailed variant shows, in a script of its own that is loaded when it is first needed.

use std::cell::RefCell;

use client::browser::Value;
use js_sys::Array;
use protocol::Timestamp;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::HtmlElement;

/// How many log lines are kept for a panel that is yet to come; it shows no more either.
const LINES: u32 = 500;

#[wasm_bindgen]
extern "C" {
    /// `crates/widget/panel/panel.js`. What fails in there is said on the console and goes no further.
    #[wasm_bindgen(js_name = Panel)]
    pub(crate) type Script;

    #[wasm_bindgen(method)]
    fn speak(this: &Script, messages: &JsValue, locale: &str);
    #[wasm_bindgen(method)]
    fn hear(this: &Script, document: &JsValue);
    #[wasm_bindgen(method)]
    fn log(this: &Script, lines: &Array);
    #[wasm_bindgen(method)]
    fn paint(this: &Script, now: f64, is_open: bool) -> bool;
    #[wasm_bindgen(method)]
    fn close(this: &Script);
}

/// A place for a panel, and what it has to know when it comes.
#[derive(Default)]
pub(crate) struct Panel {
    script: RefCell<Option<Script>>,
    lines: RefCell<Array>,
}

impl Panel {
    /// Whether it is there.
    pub(crate) fn is_open(&self) -> bool {
        self.script.borrow().is_some()
    }

    /// Puts what `make` makes into `root`, unless it is there.
    pub(crate) fn open(&self, make: JsValue, root: &HtmlElement) {
        let make = make.unchecked_into::<js_sys::Function>();
        if !self.is_open()
            && let Ok(script) = make.call1(&JsValue::UNDEFINED, root)
        {
            let script = script.unchecked_into::<Script>();
            script.log(&self.lines.borrow());
            self.script.replace(Some(script));
        }
    }

    /// Takes it out.
    pub(crate) fn close(&self) {
        if let Some(script) = self.script.take() {
            script.close();
        }
    }

    /// Sets the texts, and the language of numbers and times beside them.
    pub(crate) fn speak(&self, messages: &JsValue, locale: &str) {
        self.with(|script| script.speak(messages, locale));
    }

    /// Takes a newer document, `None` when it is another job's turn.
    pub(crate) fn hear(&self, document: Option<&Value>) {
        if document.is_none() {
            self.lines.take();
        }
        self.with(|script| script.hear(document.map_or(&JsValue::NULL, Value::as_js)));
    }

    /// Takes log lines, `{number, at, level?, message}`, in order. The script drops those that it has already.
    pub(crate) fn log(&self, lines: &Array) {
        let all = self.lines.borrow().concat(lines);
        self.lines.replace(all.slice(all.length().saturating_sub(LINES), all.length()));
        self.with(|script| script.log(lines));
    }

    /// Shows how things stand; true while that changes with the time alone, which it does not unless news may still come.
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
