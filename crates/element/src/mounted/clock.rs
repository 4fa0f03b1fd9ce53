//! The clock: one timer for all elements of a page. It runs only while an element counts seconds or has changed while out of
//! view.

use std::{
    cell::{Cell, RefCell},
    rc::Weak,
};

use client::browser::monotonic;
use wasm_bindgen::{JsCast, closure::Closure};

use super::Inner;

/// Milliseconds between two ticks. Ticks are at full seconds, so that all numbers of a page change together.
const TICK_MS: u64 = 1_000;

thread_local! {
    static WAITING: RefCell<Vec<Weak<Inner>>> = const { RefCell::new(Vec::new()) };
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
    static ON_TICK: Closure<dyn Fn()> = Closure::new(|| {
        IS_RUNNING.set(false);
        WAITING.take().iter().for_each(Inner::on_tick);
    });
}

/// Calls [`Inner::on_tick`] at the next tick.
pub(super) fn join(inner: Weak<Inner>) {
    WAITING.with_borrow_mut(|waiting| {
        if !waiting.iter().any(|other| other.ptr_eq(&inner)) {
            waiting.push(inner);
        }
    });
    if !IS_RUNNING.get()
        && let Some(window) = web_sys::window()
    {
        let rest = TICK_MS.saturating_sub(monotonic().checked_rem(TICK_MS).unwrap_or(0));
        let set = ON_TICK.with(|callback| {
            let callback = callback.as_ref().unchecked_ref();
            window.set_timeout_with_callback_and_timeout_and_arguments_0(callback, rest as i32)
        });
        IS_RUNNING.set(set.is_ok());
    }
}
