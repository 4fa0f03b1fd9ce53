//! The context of a request: what its handlers share.

use std::rc::Rc;

use protocol::Timestamp;
use wasm_bindgen::JsValue;
use web_sys::{Request, Response};
use worker::{Env, worker_sys::Context};

use crate::{config::Config, request::IncomingRequest};

/// A request that is being answered.
pub(crate) struct RequestContext {
    pub(crate) request: IncomingRequest,
    pub(crate) env: Env,
    pub(crate) platform: Context,
    pub(crate) config: Rc<Config>,
    /// When the request arrived.
    pub(crate) began: Timestamp,
    /// The object's reply, if the fast path has fetched it already.
    pub(crate) early_reply: Option<Result<Response, JsValue>>,
    /// The holder of the credential, once it is known; for the log.
    pub(crate) holder: Option<String>,
}

impl RequestContext {
    /// The context of a request that arrived at `began`.
    pub(crate) fn new(request: Request, env: Env, platform: Context, began: Timestamp) -> RequestContext {
        let config = Config::of(&env);
        let request = IncomingRequest::new(request);
        RequestContext { request, env, platform, config, began, early_reply: None, holder: None }
    }
}
