//! The decisions: server policy as pure functions.
//!
//! Which reports are heard, who may do what, when a change goes out, what a reader is sent. The edge carries it out.
//!
//! # What this crate does not do
//!
//! It reads no clock, draws no randomness, stores and sends nothing: `now` and random bytes are arguments. How a report
//! changes a document is `protocol`'s.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it"))]

pub mod accept;
pub mod access;
pub mod creation;
pub mod credential;
pub mod expiry;
pub mod flask;
pub mod forecast;
pub mod frame;
pub mod grant;
pub mod job;
pub mod key;
pub mod lane;
pub mod log;
pub mod mint;
pub mod news;
pub mod not_configured;
#[cfg(feature = "schema")]
pub mod openapi;
pub mod pace;
pub mod permission;
pub mod poll;
pub mod recent;
pub mod signing;
pub mod size;
pub mod subscription;
pub mod tensorlake;
pub mod token;
