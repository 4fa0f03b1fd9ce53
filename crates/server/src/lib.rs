//! What every server on a machine of one's own needs: a data folder that it does not share, and open files.
//!
//! # What this crate does not do
//!
//! It answers no request: the worker does, under workerd. The executable `job-progress` starts both; `cargo xtask dev` and
//! `cargo xtask serve` use the library alone.
#![forbid(unsafe_code)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a program of the operator: it reads the clock, and no request reaches it"
)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a panic is how a test fails"))]

#[cfg(feature = "executable")]
pub mod backup;
#[cfg(feature = "executable")]
pub mod certificates;
#[cfg(feature = "executable")]
pub mod contents;
pub mod data_folder;
mod data_lock;
pub mod open_files;
