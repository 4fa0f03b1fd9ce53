//! The cases of `tests/cases` as Rust values, with the matchers and generators that they use.
//!
//! Several runners play them: `tests/contract` plays the requests and streams against a server, `crates/engine` plays the
//! fold cases against the engine alone, and each client library plays the cases of producers.
//!
//! # What this crate does not do
//!
//! It sends nothing and imports none of our crates: a type shared with the server would hide a change of the wire.
#![forbid(unsafe_code)]

pub mod bad_request;
pub mod bindings;
pub mod case;
pub mod files;
pub mod generators;
pub mod matchers;
pub mod producer;
