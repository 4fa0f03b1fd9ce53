//! The live path under load, from outside: servers, viewers and producers for the benches and for `tests/live`.
//!
//! # What this crate does not do
//!
//! It shares no code with the server: what it measures went over a real socket to the real runtime. It builds nothing;
//! `cargo xtask bench` and `cargo xtask test` do, and tell by `XTASK` how to start what was built.
#![forbid(unsafe_code)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::missing_errors_doc,
    reason = "a measuring tool: it reads clocks, and no stranger's input reaches it"
)]

pub mod audience;
pub mod body;
pub mod comeback;
pub mod crash;
pub mod http;
pub mod key;
pub mod machine;
pub mod process;
pub mod sample;
pub mod server;
pub mod stream;
