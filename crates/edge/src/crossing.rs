//! Crossings into JavaScript that do many small things at once; what they do stands in crossing.js.

use js_sys::Promise;
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{Request, RequestInit, Response};
use worker::{Env, worker_sys::Context};

/// Takes the URL and the body of a request and answers it.
pub(crate) type Taker = Closure<dyn FnMut(String, Vec<u8>) -> Response>;

/// Takes a request, what it came with and when, and what its job's object said or why it said nothing; answers it.
pub(crate) type Errand = Closure<dyn FnMut(Request, Env, Context, f64, Option<Response>, JsValue) -> Promise>;

#[wasm_bindgen]
extern "C" {
    /// The objects of a class, as the platform binds them.
    #[derive(Clone)]
    pub(crate) type Namespace;
}

#[wasm_bindgen(module = "/src/crossing.js")]
extern "C" {
    /// The head of a request: method, URL and the headers that most answers depend on, a line each.
    fn head(request: &Request) -> String;

    /// Hands the body of a request to an object as it is.
    pub(crate) fn forward(namespace: &Namespace, name: &str, url: &str, request: &Request) -> Promise<Response>;

    /// Hands the body of a request to an object as it is, and passes a plain success on; `go_on` answers otherwise.
    #[wasm_bindgen(js_name = straightOn)]
    #[allow(clippy::too_many_arguments, reason = "one crossing")]
    pub(crate) fn straight_on(
        namespace: &Namespace,
        name: &str,
        url: &str,
        request: &Request,
        env: &Env,
        context: &Context,
        line: &str,
        began: f64,
        go_on: &Errand,
    ) -> Promise;

    /// Calls an object.
    #[wasm_bindgen(catch)]
    pub(crate) fn call(
        namespace: &Namespace,
        name: &str,
        url: &str,
        init: &RequestInit,
    ) -> Result<Promise<Response>, JsValue>;

    /// Reads the body of a request and has it taken.
    #[wasm_bindgen(js_name = withBody)]
    pub(crate) fn with_body(request: &Request, take: &Taker) -> Promise;

    /// Ends a stream with the instance of the wasm that serves it.
    #[cfg(not(panic = "unwind"))]
    #[wasm_bindgen(js_name = endWithInstance)]
    pub(crate) fn end_with_instance(socket: &web_sys::WebSocket, writer: &web_sys::WritableStreamDefaultWriter);

    /// An answer of JSON.
    pub(crate) fn json(status: u16, text: &str) -> Response;

    /// An object's answer of JSON, its body passed on as it comes.
    #[wasm_bindgen(js_name = passOn)]
    pub(crate) fn pass_on(reply: &Response) -> Response;

    /// Puts on an answer what every answer bears.
    pub(crate) fn bear(response: &Response, origin: Option<&str>, varies: bool);

    /// A success of JSON that bears what every answer bears.
    pub(crate) fn success(text: &str, origin: Option<&str>, varies: bool) -> Response;

    /// Logs a request that is answered: a [line](crate::door) that leaves two things open, its status, and when it came.
    pub(crate) fn log(line: &str, status: u16, began: f64);
}

/// The head of a request.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) authorization: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_length: Option<String>,
}

impl Head {
    /// The head of that request.
    pub(crate) fn of(request: &Request) -> Head {
        let text = head(request);
        // No part can hold a line break.
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
            content_length: header(),
        }
    }
}
