//! The edge: HTTP routes, authentication, the JobObject, the relay.
//!
//! # What this crate does not do
//!
//! It decides nothing about a job: `engine` says what becomes of a report, who may do what, and when a change goes out.

mod adapters;
mod answer;
mod auth;
mod call;
mod config;
mod context;
mod crossing;
#[cfg(feature = "fault-injection")]
mod fault_injection;
mod feed;
mod incoming;
mod js;
mod lane;
#[cfg(feature = "leak-check")]
mod leak_check;
mod limit;
mod object;
mod reads;
mod relay;
mod request;
mod route;
mod router;
mod streams;
mod tokens;
mod wait;
mod writes;

use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Request;
use worker::{Env, worker_sys::Context};

/// Answers every request that no static file answers.
///
/// What `worker::event` would write for us, but for the future: a report that goes straight on needs none.
#[wasm_bindgen]
pub fn fetch(request: Request, env: Env, context: Context) -> Promise {
    router::answer(request, env, context)
}
