//! What the handlers of a request share: the request, the bindings, the settings, and what is known of the caller.

use std::rc::Rc;

use protocol::Timestamp;
use serde::Serialize;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response};
use worker::{Env, worker_sys::Context};

use crate::{answer::text_of, config::Config, incoming::Incoming};

/// A request that is being answered.
pub(crate) struct RequestContext {
    pub(crate) request: Incoming,
    pub(crate) env: Env,
    pub(crate) context: Context,
    pub(crate) config: Rc<Config>,
    /// When the request arrived.
    pub(crate) began: Timestamp,
    /// The object's reply, if the fast path has fetched it already.
    pub(crate) said: Option<Result<Response, JsValue>>,
    /// The holder of the credential, once it is known; for the log.
    pub(crate) holder: Option<String>,
}

impl RequestContext {
    /// The context of a request that arrived at `began`.
    pub(crate) fn new(request: Request, env: Env, context: Context, began: Timestamp) -> RequestContext {
        let config = Config::of(&env);
        RequestContext { request: Incoming::of(request), env, context, config, began, said: None, holder: None }
    }

    /// The log line of this request, without the result.
    pub(crate) fn line(&self, route: &'static str, by: Option<&str>) -> String {
        text_of(&Line { method: self.request.method(), route, status: 0, ms: 0, by })
    }
}

/// The log line of a request; status and time are filled in where it is answered, in JavaScript.
#[derive(Serialize)]
struct Line<'a> {
    method: &'a str,
    route: &'static str,
    status: u16,
    ms: u64,
    by: Option<&'a str>,
}
