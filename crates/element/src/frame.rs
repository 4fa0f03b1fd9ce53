//! The frame: whatever has changed is painted together, just before the browser draws. It draws nothing while the page
//! is hidden, and so nothing is painted then.
//!
//! Who has more to show than a frame has room for waits for the next one, and after a full frame the page has a moment for
//! itself. So it stays at hand however many elements change however often: two hundred of them show their newest state
//! some four times a second each, and twenty or fewer with every frame.

use std::{
    cell::{Cell, RefCell},
    rc::Weak,
};

use wasm_bindgen::{JsCast, closure::Closure};

use crate::mounted::Inner;

/// How many elements are painted in one frame: some milliseconds of a small machine.
const MOST: usize = 40;

/// From how many in one frame on they are a crowd, in which nothing slides: more than that nobody follows with the eye.
const CROWD: usize = 20;

/// Milliseconds that the page has for itself after a crowd was painted.
const PAUSE_MS: i32 = 40;

thread_local! {
    static STALE: RefCell<Vec<Weak<Inner>>> = const { RefCell::new(Vec::new()) };
    static IS_ASKED_FOR: Cell<bool> = const { Cell::new(false) };
    static ON_FRAME: Closure<dyn Fn()> = Closure::new(paint);
    static ON_PAUSE: Closure<dyn Fn()> = Closure::new(|| {
        IS_ASKED_FOR.set(false);
        ask();
    });
}

/// Paints `inner` with the next frame.
pub(crate) fn join(inner: Weak<Inner>) {
    STALE.with_borrow_mut(|stale| stale.push(inner));
    ask();
}

/// Asks for a frame, if there is something to paint.
fn ask() {
    if !IS_ASKED_FOR.get()
        && STALE.with_borrow(|stale| !stale.is_empty())
        && let Some(window) = web_sys::window()
    {
        let asked = ON_FRAME.with(|callback| window.request_animation_frame(callback.as_ref().unchecked_ref()));
        IS_ASKED_FOR.set(asked.is_ok());
    }
}

fn paint() {
    IS_ASKED_FOR.set(false);
    let now: Vec<_> = STALE.with_borrow_mut(|stale| stale.drain(..stale.len().min(MOST)).collect());
    let is_crowded = now.len() > CROWD;
    now.iter().filter_map(Weak::upgrade).for_each(|inner| inner.paint(is_crowded));
    let pause = |window: web_sys::Window| {
        let callback = |callback: &Closure<dyn Fn()>| {
            let callback = callback.as_ref().unchecked_ref();
            window.set_timeout_with_callback_and_timeout_and_arguments_0(callback, PAUSE_MS).is_ok()
        };
        ON_PAUSE.with(callback)
    };
    if is_crowded && web_sys::window().is_some_and(pause) {
        IS_ASKED_FOR.set(true);
    } else {
        ask();
    }
}
