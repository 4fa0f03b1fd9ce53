//! What a connection promises, told as what it hears and what it does.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that panics has failed, which is its job"
)]

mod chance;
mod fallback;
mod log;
mod many;
mod one;
mod page;
mod refusal;
mod world;
