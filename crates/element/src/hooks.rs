//! The hooks: what an element's script, `js/hooks.js`, does for it on the page.

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// The object that `js/hooks.js` makes for each mounted element.
    pub type Hooks;

    /// Keeps what has changed, shows it as states and fires the event, if it is one: `clear`, `link` with its name, `update`,
    /// `end` or `problem`. `has_content` says whether there is something to show now.
    #[wasm_bindgen(method)]
    pub(crate) fn emit(this: &Hooks, name: &str, detail: &JsValue, has_content: bool);

    /// Writes a warning for the page's developer to the console, once a page.
    #[wasm_bindgen(method)]
    pub(crate) fn warn(this: &Hooks, message: &str);

    /// The promise of a new token, if the page has a token provider.
    #[wasm_bindgen(method)]
    pub(crate) fn renew(this: &Hooks) -> Option<Promise>;

    /// The reader's language: the attribute `locale`, else the `lang` of the element or its nearest ancestor with one, across
    /// shadow roots, else the browser's language.
    #[wasm_bindgen(method)]
    pub(crate) fn locale(this: &Hooks) -> String;

    /// The accessible name that the page gives the bar; empty without one.
    #[wasm_bindgen(method)]
    pub(crate) fn name(this: &Hooks) -> String;
}
