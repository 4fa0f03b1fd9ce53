//! The clock: one timer for all elements of a page, running only while one of them counts down.

use std::{
    cell::{Cell, RefCell},
    rc::Weak,
};

use wasm_bindgen::{JsCast, closure::Closure};

use crate::mounted::Inner;

/// Milliseconds between two ticks.
const TICK_MS: i32 = 1_000;

thread_local! {
    static COUNTING: RefCell<Vec<Weak<Inner>>> = const { RefCell::new(Vec::new()) };
    static TIMER: Cell<Option<i32>> = const { Cell::new(None) };
    static ON_TICK: Closure<dyn Fn()> = Closure::new(tick);
}

/// Ticks for `inner` from now on, as long as it counts down.
pub(crate) fn join(inner: Weak<Inner>) {
    COUNTING.with_borrow_mut(|counting| {
        if !counting.iter().any(|other| other.ptr_eq(&inner)) {
            counting.push(inner);
        }
    });
    if TIMER.get().is_none()
        && let Some(window) = web_sys::window()
    {
        let timer = ON_TICK.with(|callback| {
            let callback = callback.as_ref().unchecked_ref();
            window.set_interval_with_callback_and_timeout_and_arguments_0(callback, TICK_MS)
        });
        TIMER.set(timer.ok());
    }
}

fn tick() {
    let mut counting = COUNTING.take();
    counting.retain(|inner| inner.upgrade().is_some_and(|inner| inner.tick()));
    // Whoever joined meanwhile is kept too.
    let idle = COUNTING.with_borrow_mut(|joined| {
        joined.append(&mut counting);
        joined.is_empty()
    });
    if idle && let (Some(timer), Some(window)) = (TIMER.take(), web_sys::window()) {
        window.clear_interval_with_handle(timer);
    }
}
