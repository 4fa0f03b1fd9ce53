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
mod crossing;
mod door;
mod feed;
mod incoming;
mod js;
mod lane;
mod limit;
mod object;
mod reads;
mod relay;
mod request;
mod route;
#[cfg(feature = "sabotage")]
mod sabotage;
mod streams;
mod tokens;
mod wait;
mod writes;

use web_sys::{Request, Response};
use worker::{Context, Env, event};

/// Answers every request that no static file answers.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    Ok(door::answer(request, env, context).await)
}
