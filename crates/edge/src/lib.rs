//! The Worker: HTTP, authentication, the Durable Objects of jobs and of the index, and the relay of streams.
//!
//! A request enters through the router, which makes a `context::RequestContext` of it and calls a handler (`writes`,
//! `reads`, `streams`, `tokens`, `adapters`). The handler authenticates the caller and sends a command to the job's object.
//!
//! # What this crate does not do
//!
//! It decides nothing about a job: `engine` says which reports are accepted, who may do what, and when a change is
//! broadcast. It has no unit tests, because it only runs as wasm in the platform's runtime: pure code is in `engine` and
//! `protocol`, and tests/contract tests the Worker from outside.
//!
//! # Words
//!
//! The words of PROTOCOL.md's Terminology keep their meaning. Beside them:
//!
//! * *object*: the Durable Object of one job (`object`); it runs elsewhere, and has its own memory.
//! * *index* (`index`): the list of a project's jobs; its objects (`index_object`) are its shards.
//! * *stub*: the edge's side of an object (`stub`); it sends a *command* (`command`) and returns the *reply*.
//! * *feed*: the socket on which an object sends its frames to the edge (`feed`).
//! * *relay*: passes the frames of one or several feeds on to one browser (`relay`).
//! * *glue*: JavaScript functions that save calls between wasm and JavaScript (`glue`).
//! * *fast path*: how a report reaches its object and returns without a future in wasm; everything else, and every reply
//!   except a 200, takes the *slow path* (`router`).

mod adapters;
mod auth;
mod badge;
mod batch;
mod body;
mod bytes;
mod call_timeout;
mod clock;
mod cluster;
mod command;
mod config;
mod context;
mod control;
mod deliveries;
#[cfg(feature = "fault-injection")]
mod fault_injection;
mod feed;
mod glue;
mod index;
mod index_object;
mod index_stub;
mod job_calls;
mod js;
#[cfg(feature = "leak-check")]
mod leak_check;
mod limit;
mod metrics;
mod object;
mod reads;
mod relay;
mod request;
mod response;
mod router;
mod shutdown;
mod streams;
mod stub;
mod tokens;
mod wait;
mod writes;

use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Request;
use worker::{Env, worker_sys::Context};

/// Answers a request for which there is no static file.
///
/// This is what `worker::event` would generate, without the future: a report on the fast path needs none.
#[wasm_bindgen]
pub fn fetch(request: Request, env: Env, context: Context) -> Promise {
    router::answer(request, env, context)
}
