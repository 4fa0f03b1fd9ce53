//! The events of the page: its network, its visibility, and whether it is frozen.

use std::cell::Cell;

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventTarget, VisibilityState};

use crate::connection::Input;

thread_local! {
    static IS_LISTENING: Cell<bool> = const { Cell::new(false) };
}

/// Starts to pass the page's events to `on_event`. It does so once for the life of the page, however often it is called.
pub(super) fn listen(on_event: fn(&Input)) {
    let (Some(window), false) = (web_sys::window(), IS_LISTENING.replace(true)) else { return };
    let pass = |target: &EventTarget, name: &str, input: Input<'static>| {
        add_listener(target, name, move || on_event(&input));
    };
    pass(&window, "online", Input::Online);
    pass(&window, "offline", Input::Offline);
    // Into the back/forward cache and out of it; a page that is left for good closes its connections anyway.
    pass(&window, "pagehide", Input::Frozen);
    pass(&window, "pageshow", Input::Thawed);
    if let Some(document) = window.document() {
        pass(&document, "freeze", Input::Frozen);
        pass(&document, "resume", Input::Thawed);
        let shown = document.clone();
        add_listener(&document, "visibilitychange", move || {
            if shown.visibility_state() == VisibilityState::Visible {
                on_event(&Input::Shown);
            }
        });
    }
}

fn add_listener(target: &EventTarget, name: &str, listener: impl Fn() + 'static) {
    let callback = Closure::<dyn Fn()>::new(listener).into_js_value();
    // It fails on no target that has the method.
    let _ = target.add_event_listener_with_callback(name, callback.unchecked_ref());
}
