//! The contract over a real socket: every case of `tests/cases`, and what data says badly.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test measures deadlines, and a panic is how it says no"
)]

mod bodies;
mod producers;
mod security;
mod sleep;
mod streams;
mod tokens;
mod waiting;
