//! A request: `fetch`, its answer handed over piece by piece.

use std::rc::Weak;

use js_sys::{Date, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, Headers, ReadableStreamDefaultReader, ReadableStreamReadResult, RequestCache, RequestCredentials,
    RequestInit, Response,
};

use super::watch::Watch;
use crate::connection::{Input, Request, ResponseHead};

/// Sends `request` and tells `watch` of its answer until it is complete, given up, or nobody watches any more.
pub(super) async fn run(watch: Weak<Watch>, request: Request, signal: AbortSignal) {
    let id = request.id;
    let tell = |input: Input| watch.upgrade().map(|watch| watch.tell(input)).is_some();
    match answer(request, &signal, tell).await {
        Ok(()) => tell(Input::Closed(id)),
        Err(_) => tell(Input::Failed(id)),
    };
}

async fn answer(request: Request, signal: &AbortSignal, tell: impl Fn(Input) -> bool) -> Result<(), JsValue> {
    let headers = Headers::new()?;
    headers.set("Accept", if request.is_stream { "text/event-stream" } else { "application/json" })?;
    if let Some(token) = &request.token {
        headers.set("Authorization", &["Bearer ", token].concat())?;
    }
    if let Some(cursor) = &request.cursor {
        headers.set("Last-Event-ID", &cursor.to_string())?;
    }
    let init = RequestInit::new();
    init.set_headers(&headers);
    init.set_signal(Some(signal));
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(RequestCredentials::Omit);
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let response: Response =
        JsFuture::from(window.fetch_with_str_and_init(&request.url, &init)).await?.unchecked_into();
    if !tell(Input::Head(request.id, head(&response))) {
        return Ok(());
    }
    let Some(body) = response.body() else { return Ok(()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let read: ReadableStreamReadResult = JsFuture::from(reader.read()).await?.unchecked_into();
        if read.get_done().unwrap_or(true) {
            return Ok(());
        }
        let bytes = read.get_value().unchecked_into::<Uint8Array>().to_vec();
        if !tell(Input::Bytes(request.id, &bytes)) {
            return Ok(());
        }
    }
}

fn head(response: &Response) -> ResponseHead {
    let header = |name| response.headers().get(name).ok().flatten();
    let time = |text: &str| Some(Date::parse(text)).filter(|millis| millis.is_finite()).map(|millis| millis as u64);
    let date = header("Date").and_then(|text| time(&text));
    // Seconds, or a date.
    let retry_after = header("Retry-After").and_then(|text| {
        let until = |text| time(text).map(|until| until.saturating_sub(date.unwrap_or(Date::now() as u64)) / 1000);
        text.trim().parse().ok().or_else(|| until(&text))
    });
    let is_stream = header("Content-Type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    ResponseHead { status: response.status(), is_stream, retry_after, date }
}
