//! The decisions: server policy as pure functions.
//!
//! Which reports are heard, who may do what, when a change goes out, what a reader is sent. The edge carries it out.
//!
//! # What this crate does not do
//!
//! It reads no clock, draws no randomness, stores and sends nothing: `now` and random bytes are arguments. How a report
//! changes a document is `protocol`'s.
#![forbid(unsafe_code)]

pub mod accept;
pub mod creation;
pub mod expiry;
pub mod flask;
pub mod frame;
pub mod job;
pub mod pace;
pub mod poll;
pub mod subscription;
pub mod tensorlake;
