//! Ear and mouth of `job-progress`: how a reader stays connected to its jobs.
//!
//! [`Connection`] is a pure state machine: it is told what happened and answers with what to do. It has no clock, no
//! randomness and no network; a driver lends it these. One of it serves all jobs of a stream, a hundred at most.
//! `browser` is the driver for web pages; `js/` holds the scripts that it is lent, and what they do while no wasm is there.
//!
//! # What this crate does not do
//!
//! It knows no view and keeps no document: what it hears it hands over, newest first and never twice.
#![forbid(unsafe_code)]

pub mod backoff;
#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod connection;
pub mod fallback;
pub mod job;
pub mod json;
pub mod link;
pub mod log;
pub mod problem;
pub mod reading;
pub mod server;

pub use connection::{Action, Connection, Input};
pub use job::Job;
pub use link::Link;
pub use problem::Problem;
