//! The timeout of a call to an object. It ends with the call: the timer of `AbortSignal.timeout` would run on, and keep the object
//! that makes the call in memory until it fires.

use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{AbortController, RequestInit};

use crate::{js, response::ErrorResponse};

/// The milliseconds after which a call counts as failed.
const CALL_MS: f64 = 15_000.0;

/// The timeout of one call and of its reply, which lasts until this is dropped.
pub(crate) struct CallTimeout {
    timer: JsValue,
    _on_timeout: Closure<dyn FnMut()>,
}

impl CallTimeout {
    /// Starts the timeout of a call that is about to be made with `init`.
    pub(crate) fn start(init: &RequestInit) -> Result<CallTimeout, ErrorResponse> {
        let controller = AbortController::new()?;
        init.set_signal(Some(&controller.signal()));
        let on_timeout: Closure<dyn FnMut()> = Closure::own_assert_unwind_safe(move || controller.abort());
        let timer = js::set_timeout(on_timeout.as_ref().unchecked_ref(), CALL_MS);
        Ok(CallTimeout { timer, _on_timeout: on_timeout })
    }
}

impl Drop for CallTimeout {
    fn drop(&mut self) {
        js::clear_timeout(&self.timer);
    }
}
