//! The frame: whatever has changed is painted together, just before the browser draws. It draws nothing while the page
//! is hidden, and so nothing is painted then.

use std::{
    cell::{Cell, RefCell},
    rc::Weak,
};

use wasm_bindgen::{JsCast, closure::Closure};

use crate::mounted::Inner;

thread_local! {
    static STALE: RefCell<Vec<Weak<Inner>>> = const { RefCell::new(Vec::new()) };
    static IS_ASKED_FOR: Cell<bool> = const { Cell::new(false) };
    static ON_FRAME: Closure<dyn Fn()> = Closure::new(|| {
        IS_ASKED_FOR.set(false);
        STALE.take().iter().filter_map(Weak::upgrade).for_each(|inner| inner.paint());
    });
}

/// Paints `inner` with the next frame.
pub(crate) fn join(inner: Weak<Inner>) {
    STALE.with_borrow_mut(|stale| stale.push(inner));
    if !IS_ASKED_FOR.get()
        && let Some(window) = web_sys::window()
    {
        let asked = ON_FRAME.with(|callback| window.request_animation_frame(callback.as_ref().unchecked_ref()));
        IS_ASKED_FOR.set(asked.is_ok());
    }
}
