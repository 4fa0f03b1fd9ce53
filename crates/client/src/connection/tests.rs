//! What a connection promises: its actions for sequences of inputs.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that panics fails, as it should"
)]

mod fallback;
mod frames;
mod log;
mod many_jobs;
mod one_job;
mod page;
mod random;
mod refusal;
mod retries;
mod world;
