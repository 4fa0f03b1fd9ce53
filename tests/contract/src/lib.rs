//! The contract of the status API, tested from outside.
//!
//! The cases under `tests/cases` are data that any implementation can be judged by; this crate plays them against the
//! server at `BASE_URL`. What data says badly (many at once, resuming, tokens made by hand) are tests of its own.
//!
//! # What this crate does not do
//!
//! It imports none of our crates and shares no parser with them, so that a change of the wire cannot hide in a shared
//! type. It starts no server but where a test needs settings that the shared one must not have.
#![forbid(unsafe_code)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "a test tool: it measures deadlines, and a panic is how it says no"
)]

pub mod case;
pub mod deployment;
pub mod expect;
pub mod http;
pub mod key;
pub mod made;
pub mod play;
pub mod refusal;
pub mod stream;
pub mod target;
pub mod template;
pub mod token;
