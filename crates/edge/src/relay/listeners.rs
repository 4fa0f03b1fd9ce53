//! The listeners and timers of a stream.

use protocol::{Timestamp, sse};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use worker::worker_sys::web_sys::AbortSignal;

use super::{RETRY_LATER_MS, Relay};
use crate::{js, response::ErrorResponse, shutdown::EndsWithServer};

/// A stream ends by itself after 3 to 5 hours, which bounds the life of a stream whose viewer left unnoticed. Not sooner,
/// since each reconnect wakes the object for ten seconds.
const AGE_MS: (f64, f64) = (3.0 * 3_600_000.0, 5.0 * 3_600_000.0);

/// What keeps the relay alive; dropping it stops the timers.
pub(super) struct Listeners {
    signal: AbortSignal,
    on_abort: Closure<dyn FnMut()>,
    pub(super) on_written: Closure<dyn FnMut(JsValue)>,
    pub(super) on_failed: Closure<dyn FnMut(JsValue)>,
    heartbeat_timer: JsValue,
    age_timer: JsValue,
    /// Fires when the first token of the stream expires.
    on_expiry: Closure<dyn FnMut()>,
    expiry_timer: Option<JsValue>,
    on_age: Closure<dyn FnMut()>,
    _ends_with_server: Option<EndsWithServer>,
    /// Kept as long as its timer runs.
    _on_heartbeat: Closure<dyn FnMut()>,
}

impl Listeners {
    /// Listens for a relay, and starts its timers.
    pub(super) fn new(relay: &Relay, signal: AbortSignal, ends_with_server: bool) -> Result<Listeners, ErrorResponse> {
        let on = |act: fn(&Relay)| {
            let relay = relay.clone();
            move || act(&relay)
        };
        let on_abort = Closure::own_assert_unwind_safe(on(Relay::finish));
        let (written, finish) = (on(Relay::written), on(Relay::finish));
        let on_written = Closure::own_assert_unwind_safe(move |_: JsValue| written());
        let on_failed = Closure::own_assert_unwind_safe(move |_: JsValue| finish());
        let on_expiry = Closure::own_assert_unwind_safe(on(Relay::expire));
        let on_heartbeat: Closure<dyn FnMut()> = Closure::own_assert_unwind_safe(on(Relay::beat));
        let on_age: Closure<dyn FnMut()> = Closure::own_assert_unwind_safe(on(Relay::finish));
        signal.add_event_listener_with_callback("abort", on_abort.as_ref().unchecked_ref())?;
        let ends_with_server = ends_with_server.then(|| EndsWithServer::then(&on_failed));
        let age_ms = js::random_between(AGE_MS.0, AGE_MS.1);
        Ok(Listeners {
            signal,
            on_abort,
            on_written,
            on_failed,
            heartbeat_timer: js::set_interval(on_heartbeat.as_ref().unchecked_ref(), sse::HEARTBEAT_MS as f64),
            age_timer: js::set_timeout(on_age.as_ref().unchecked_ref(), age_ms),
            on_expiry,
            expiry_timer: None,
            on_age,
            _ends_with_server: ends_with_server,
            _on_heartbeat: on_heartbeat,
        })
    }

    /// Replaces the maximum age of the stream by a short one.
    pub(super) fn end_soon(&mut self) {
        js::clear_timeout(&self.age_timer);
        let millis = js::random_between(RETRY_LATER_MS.0, RETRY_LATER_MS.1);
        self.age_timer = js::set_timeout(self.on_age.as_ref().unchecked_ref(), millis);
    }

    /// Sets the timer for the first token that expires.
    pub(super) fn watch_expiry(&mut self, first: Option<Timestamp>) {
        if let Some(timer) = self.expiry_timer.take() {
            js::clear_timeout(&timer);
        }
        self.expiry_timer = first.map(|first| {
            // A timer counts to 2^31 ms; a token that outlives the stream must not overflow it.
            let millis = (first.millis().saturating_sub(js::now().millis()) as f64).min(AGE_MS.1);
            js::set_timeout(self.on_expiry.as_ref().unchecked_ref(), millis)
        });
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        js::clear_interval(&self.heartbeat_timer);
        js::clear_timeout(&self.age_timer);
        if let Some(timer) = &self.expiry_timer {
            js::clear_timeout(timer);
        }
        let on_abort = self.on_abort.as_ref().unchecked_ref();
        let _ = self.signal.remove_event_listener_with_callback("abort", on_abort);
    }
}
