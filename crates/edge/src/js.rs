//! Platform functions that the `worker` crate does not wrap: the clock, randomness, timers, native streams.

use protocol::Timestamp;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(callback: &js_sys::Function, millis: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(id: &JsValue);

    #[wasm_bindgen(js_name = setInterval)]
    pub(crate) fn set_interval(callback: &js_sys::Function, millis: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearInterval)]
    pub(crate) fn clear_interval(id: &JsValue);

    /// A promise and the function that resolves it.
    pub(crate) type Resolvers;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn promise(this: &Resolvers) -> js_sys::Promise;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn resolve(this: &Resolvers) -> js_sys::Function;

    #[wasm_bindgen(js_namespace = Promise, js_name = withResolvers)]
    pub(crate) fn with_resolvers() -> Resolvers;

    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &js_sys::Uint8Array);

    /// A pipe whose bytes never pass through JavaScript on their way out
    /// (<https://developers.cloudflare.com/workers/runtime-apis/streams/transformstream/>).
    #[wasm_bindgen(js_name = IdentityTransformStream)]
    pub(crate) type IdentityTransformStream;

    #[wasm_bindgen(constructor, js_class = "IdentityTransformStream")]
    pub(crate) fn new() -> IdentityTransformStream;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn readable(this: &IdentityTransformStream) -> web_sys::ReadableStream;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn writable(this: &IdentityTransformStream) -> web_sys::WritableStream;
}

/// The current time.
pub(crate) fn now() -> Timestamp {
    timestamp(js_sys::Date::now())
}

/// The time that is `millis` milliseconds after 1970.
pub(crate) fn timestamp(millis: f64) -> Timestamp {
    // A clock before 1970 is read as 1970; the cast of a float cannot overflow.
    Timestamp::from_millis(millis.max(0.0) as u64)
}

/// Waits.
pub(crate) async fn sleep(millis: u64) {
    let waiting = with_resolvers();
    set_timeout(&waiting.resolve(), millis as f64);
    // The promise is only ever resolved.
    let _ = JsFuture::from(waiting.promise()).await;
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let array = js_sys::Uint8Array::new_with_length(N as u32);
    get_random_values(&array);
    let mut bytes = [0; N];
    array.copy_to(&mut bytes);
    bytes
}

/// A random number from `low` to `high`.
pub(crate) fn random_between(low: f64, high: f64) -> f64 {
    low + js_sys::Math::random() * (high - low)
}
