//! Printing: all elements are painted when the page is about to be printed, in view or not.

use std::{cell::RefCell, rc::Weak};

use wasm_bindgen::{JsCast, closure::Closure};

use super::Inner;

thread_local! {
    /// All elements of the page; `None` until the first one is mounted.
    static ALL: RefCell<Option<Vec<Weak<Inner>>>> = const { RefCell::new(None) };
}

/// Paints `inner` whenever the page is about to be printed.
pub(super) fn join(inner: Weak<Inner>) {
    let is_first = ALL.with_borrow_mut(|all| {
        let is_first = all.is_none();
        let all = all.get_or_insert_default();
        all.retain(|other| other.strong_count() > 0);
        all.push(inner);
        is_first
    });
    if is_first && let Some(window) = web_sys::window() {
        let callback = Closure::<dyn Fn()>::new(paint).into_js_value();
        // Adding a listener to a window cannot fail.
        let _ = window.add_event_listener_with_callback("beforeprint", callback.unchecked_ref());
    }
}

fn paint() {
    let all: Vec<_> = ALL.with_borrow(|all| all.iter().flatten().filter_map(Weak::upgrade).collect());
    all.iter().for_each(|inner| inner.paint_now());
}
