//! Ear and mouth of `job-progress`: how a reader stays connected to a job.
//!
//! [`Connection`] is a pure state machine: it is told what happened and answers with what to do. It has no clock, no
//! randomness and no network; a driver lends it these. `browser` is the driver for web pages.
//!
//! # What this crate does not do
//!
//! It knows no view and keeps no document: what it hears it hands over, newest first and never twice.
#![forbid(unsafe_code)]

pub mod address;
pub mod backoff;
#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod connection;
pub mod fallback;
pub mod json;
pub mod link;
pub mod problem;
pub mod reading;

pub use connection::{Action, Connection, Input};
pub use link::Link;
pub use problem::Problem;
