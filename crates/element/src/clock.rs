//! The clock: one timer for all elements of a page, running only while one of them counts seconds, or has changed where
//! nobody sees it.

use std::{
    cell::{Cell, RefCell},
    rc::Weak,
};

use js_sys::Date;
use wasm_bindgen::{JsCast, closure::Closure};

use crate::mounted::Inner;

/// Milliseconds between two ticks, which come with the turn of the second: all numbers of a page move together.
const TICK_MS: u64 = 1_000;

thread_local! {
    static COUNTING: RefCell<Vec<Weak<Inner>>> = const { RefCell::new(Vec::new()) };
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
    static ON_TICK: Closure<dyn Fn()> = Closure::new(|| {
        IS_RUNNING.set(false);
        COUNTING.take().iter().for_each(Inner::tick);
    });
}

/// Paints `inner` at the next tick.
pub(crate) fn join(inner: Weak<Inner>) {
    COUNTING.with_borrow_mut(|counting| {
        if !counting.iter().any(|other| other.ptr_eq(&inner)) {
            counting.push(inner);
        }
    });
    if !IS_RUNNING.get()
        && let Some(window) = web_sys::window()
    {
        let rest = TICK_MS.saturating_sub((Date::now() as u64).checked_rem(TICK_MS).unwrap_or(0));
        let set = ON_TICK.with(|callback| {
            let callback = callback.as_ref().unchecked_ref();
            window.set_timeout_with_callback_and_timeout_and_arguments_0(callback, rest as i32)
        });
        IS_RUNNING.set(set.is_ok());
    }
}
