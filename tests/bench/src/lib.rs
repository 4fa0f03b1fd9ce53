//! The live path under load, from outside: servers, viewers and producers for the benchmarks and for `tests/live`.
//!
//! # What this crate does not do
//!
//! It shares no code with the server: it measures the real runtime over a real socket. It does not build the worker;
//! `cargo xtask bench` and `cargo xtask test` do, and pass in `XTASK` the program that starts it.
#![forbid(unsafe_code)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::missing_errors_doc,
    reason = "a measuring tool: it reads clocks, and no untrusted input reaches it"
)]

pub mod audience;
pub mod balancer;
pub mod body;
pub mod bucket;
pub mod cluster;
pub mod comeback;
pub mod crash;
pub mod http;
pub mod journal;
pub mod key;
pub mod machine;
pub mod process;
pub mod receiver;
pub mod relay;
pub mod sample;
pub mod server;
pub mod stream;
pub mod takeover;
