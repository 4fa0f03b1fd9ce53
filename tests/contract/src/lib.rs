//! The contract of the status API, tested from outside.
//!
//! The cases under `tests/cases` are data for any implementation; this crate plays them against the server at
//! `BASE_URL`. Behaviour that data cannot express well (many requests at once, resuming, tokens made by hand) has tests
//! of its own.
//!
//! # What this crate does not do
//!
//! It imports no crate of the product and shares no parser with one, so that a change of the wire cannot hide in a
//! shared type. It starts a server only for tests whose settings the shared server must not have.
#![forbid(unsafe_code)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "a test tool: it measures deadlines, and a panic is how a test fails"
)]

pub mod bad_request;
pub mod deployment;
pub mod http;
pub mod key;
pub mod play;
pub mod rules;
pub mod stream;
pub mod target;
pub mod token;
pub mod variables;
pub mod webhook;
