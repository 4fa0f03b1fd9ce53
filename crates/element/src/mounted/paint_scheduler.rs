//! The paint scheduler: elements that have changed are painted together in the next animation frame. The browser runs no
//! animation frames while the page is hidden, and so nothing is painted then.
//!
//! A frame paints at most [`MOST`] elements; the others wait for the next frame, and after a full frame the page has a pause
//! for its own work. So the page stays responsive however many elements change however often: two hundred elements show
//! their newest state about four times a second each, and twenty or fewer in every frame.

use std::{
    cell::{Cell, RefCell},
    rc::Weak,
};

use wasm_bindgen::{JsCast, closure::Closure};

use super::Inner;

/// The most elements painted in one frame: some milliseconds on a small machine.
const MOST: usize = 40;

/// Above this number of elements in one frame, nothing slides: nobody can follow more movements by eye.
const CROWD: usize = 20;

/// Milliseconds without a paint after a frame of more than [`CROWD`] elements.
const PAUSE_MS: i32 = 40;

thread_local! {
    static STALE: RefCell<Vec<Weak<Inner>>> = const { RefCell::new(Vec::new()) };
    static IS_REQUESTED: Cell<bool> = const { Cell::new(false) };
    static ON_FRAME: Closure<dyn Fn()> = Closure::new(paint);
    static ON_PAUSE_END: Closure<dyn Fn()> = Closure::new(|| {
        IS_REQUESTED.set(false);
        request_frame();
    });
}

/// Paints `inner` in the next frame.
pub(super) fn join(inner: Weak<Inner>) {
    STALE.with_borrow_mut(|stale| stale.push(inner));
    request_frame();
}

/// Requests an animation frame, if there is something to paint.
fn request_frame() {
    if !IS_REQUESTED.get()
        && STALE.with_borrow(|stale| !stale.is_empty())
        && let Some(window) = web_sys::window()
    {
        let requested = ON_FRAME.with(|callback| window.request_animation_frame(callback.as_ref().unchecked_ref()));
        IS_REQUESTED.set(requested.is_ok());
    }
}

fn paint() {
    IS_REQUESTED.set(false);
    let batch: Vec<_> = STALE.with_borrow_mut(|stale| stale.drain(..stale.len().min(MOST)).collect());
    let is_crowded = batch.len() > CROWD;
    batch.iter().filter_map(Weak::upgrade).for_each(|inner| inner.paint(is_crowded));
    let pause = |window: web_sys::Window| {
        let callback = |callback: &Closure<dyn Fn()>| {
            let callback = callback.as_ref().unchecked_ref();
            window.set_timeout_with_callback_and_timeout_and_arguments_0(callback, PAUSE_MS).is_ok()
        };
        ON_PAUSE_END.with(callback)
    };
    if is_crowded && web_sys::window().is_some_and(pause) {
        IS_REQUESTED.set(true);
    } else {
        request_frame();
    }
}
