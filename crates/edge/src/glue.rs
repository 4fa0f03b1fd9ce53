//! Calls into JavaScript that each do several small things at once; glue.js says why.

use js_sys::Promise;
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{Request, RequestInit, Response};
use worker::{Env, worker_sys::Context};

/// Called by [`with_body`]: (URL, body) → the response, or a promise of it.
pub(crate) type BodyHandler = Closure<dyn FnMut(String, Vec<u8>) -> JsValue>;

/// Called by [`fast_path`] if it did not end in a 200: (request, bindings, context, start in ms, the object's response or
/// `None`, the error) → the response.
pub(crate) type SlowPath = Closure<dyn FnMut(Request, Env, Context, f64, Option<Response>, JsValue) -> Promise>;

#[wasm_bindgen]
extern "C" {
    /// The result of a try to send a delivery.
    pub(crate) type Delivered;

    /// Why there is no response.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn error(this: &Delivered) -> Option<String>;

    /// The status of the response.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn status(this: &Delivered) -> u16;

    /// The seconds of its `Retry-After`.
    #[wasm_bindgen(method, getter, js_name = retryAfter)]
    pub(crate) fn retry_after(this: &Delivered) -> u32;

    /// A network to which requests can be sent, as workerd binds it.
    pub(crate) type Network;

    /// The Durable Objects of a class, as the platform binds them.
    #[derive(Clone)]
    pub(crate) type Namespace;
}

#[wasm_bindgen(module = "/src/glue.js")]
extern "C" {
    /// The method, the URL and the most used headers of a request, one on each line.
    fn head(request: &Request) -> String;

    /// The address and the port of a connection to workerd; the platform of Cloudflare does not know them.
    pub(crate) fn peer(request: &Request) -> Option<String>;

    /// Passes the body of a request to an object, unread.
    pub(crate) fn forward(namespace: &Namespace, name: &str, url: &str, request: &Request) -> Promise<Response>;

    /// Passes the body of a POST to an object, unread, and returns its reply if that is a 200; if not, `on_fallback`
    /// answers. `route` and `by` are for the log; `on_reported` is called with `began` after a 200.
    #[wasm_bindgen(js_name = fastPath)]
    #[allow(clippy::too_many_arguments, reason = "one call into JavaScript")]
    pub(crate) fn fast_path(
        namespace: &Namespace,
        name: &str,
        url: &str,
        request: &Request,
        env: &Env,
        platform: &Context,
        route: &str,
        by: &str,
        began: f64,
        on_reported: Option<&Closure<dyn FnMut(f64)>>,
        on_fallback: &SlowPath,
    ) -> Promise;

    /// Calls an object.
    #[wasm_bindgen(catch)]
    pub(crate) fn call(
        namespace: &Namespace,
        name: &str,
        url: &str,
        init: &RequestInit,
    ) -> Result<Promise<Response>, JsValue>;

    /// Reads the body of a request, if it is a POST, and passes the URL and the body to `handle`.
    #[wasm_bindgen(js_name = withBody)]
    pub(crate) fn with_body(request: &Request, handle: &BodyHandler) -> Promise;

    /// Ends a stream together with the wasm instance that serves it.
    #[cfg(not(panic = "unwind"))]
    #[wasm_bindgen(js_name = endWithInstance)]
    pub(crate) fn end_with_instance(socket: &web_sys::WebSocket, writer: &web_sys::WritableStreamDefaultWriter);

    /// The platform's response to a request for a static file, or undefined if there is no such file.
    #[wasm_bindgen(js_name = staticFile)]
    pub(crate) fn static_file(env: &Env, request: &Request) -> Promise;

    /// The network that has every address, if the runtime binds it.
    pub(crate) fn network(env: &Env) -> Option<Network>;

    /// Makes the runtime answer messages on the sockets of an object without waking it.
    #[wasm_bindgen(js_name = answerPings)]
    pub(crate) fn answer_pings(state: &worker::worker_sys::DurableObjectState, ping: &str, pong: &str);

    /// The status with which the runtime says whether it takes part in its cluster; `None` if there is no cluster.
    #[wasm_bindgen(js_name = clusterStatus)]
    pub(crate) fn cluster_status(env: &Env) -> Option<Promise>;

    /// Reads and discards what is left of the body of a request, up to `most` bytes and for five seconds.
    #[wasm_bindgen(js_name = discardBody)]
    pub(crate) fn discard_body(request: &web_sys::Request, most: u32) -> Promise;

    /// Sends a delivery through `network`, or through the one that all requests use; the promise resolves to a [`Delivered`].
    pub(crate) fn deliver(
        network: Option<&Network>,
        url: &str,
        id: &str,
        timestamp: &str,
        signature: &str,
        payload: &str,
        seconds: f64,
    ) -> Promise<Delivered>;

    /// A JSON response.
    pub(crate) fn json(status: u16, text: &str) -> Response;

    /// The same with the text as UTF-8.
    #[wasm_bindgen(js_name = json)]
    pub(crate) fn json_bytes(status: u16, text: &js_sys::Uint8Array) -> Response;

    /// A response with the status and the body of an object's JSON reply; the body is streamed.
    #[wasm_bindgen(js_name = passOn)]
    pub(crate) fn pass_on(reply: &Response) -> Response;

    /// Sets the headers that every response has.
    #[wasm_bindgen(js_name = setCommonHeaders)]
    pub(crate) fn set_common_headers(response: &Response, origin: Option<&str>, varies: bool);

    /// A JSON response with the status 200 and the headers that every response has.
    pub(crate) fn success(text: &str, origin: Option<&str>, varies: bool) -> Response;

    /// Logs an answered request; `began` is when it arrived, in milliseconds. On a server the line has the time.
    pub(crate) fn log(method: &str, route: &str, by: Option<&str>, status: u16, began: f64, is_server: bool);
}

/// The head of a request.
#[derive(Default)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) authorization: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_length: Option<String>,
}

impl Head {
    /// The head of a request.
    pub(crate) fn new(request: &Request) -> Head {
        let text = head(request);
        // No part contains a line break.
        let mut lines = text.split('\n');
        let mut part = || lines.next().unwrap_or_default();
        let (method, url) = (part().to_owned(), part().to_owned());
        let mut header = || part().strip_prefix('=').map(str::to_owned);
        Head {
            method,
            url,
            authorization: header(),
            origin: header(),
            content_type: header(),
            content_encoding: header(),
            content_length: header(),
        }
    }
}
