//! The page: what the browser tells of its network and of being seen, frozen and woken.

use std::cell::Cell;

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventTarget, VisibilityState};

use super::hub::tell_all;
use crate::connection::Input;

thread_local! {
    static LISTENING: Cell<bool> = const { Cell::new(false) };
}

/// Begins to pass on what happens to the page; once for its whole life, however often called.
pub(super) fn listen() {
    let (Some(window), false) = (web_sys::window(), LISTENING.replace(true)) else { return };
    on(&window, "online", Input::Online);
    on(&window, "offline", Input::Offline);
    // Into the back/forward cache and out of it; a page that is left for good closes its connections anyway.
    on(&window, "pagehide", Input::Frozen);
    on(&window, "pageshow", Input::Thawed);
    if let Some(document) = window.document() {
        on(&document, "freeze", Input::Frozen);
        on(&document, "resume", Input::Thawed);
        let seen = document.clone();
        listener(&document, "visibilitychange", move || {
            if seen.visibility_state() == VisibilityState::Visible {
                tell_all(&Input::Shown);
            }
        });
    }
}

fn on(target: &EventTarget, name: &str, input: Input<'static>) {
    listener(target, name, move || tell_all(&input));
}

fn listener(target: &EventTarget, name: &str, tell: impl Fn() + 'static) {
    let callback = Closure::<dyn Fn()>::new(tell).into_js_value();
    // It fails for no target that has it.
    let _ = target.add_event_listener_with_callback(name, callback.unchecked_ref());
}
