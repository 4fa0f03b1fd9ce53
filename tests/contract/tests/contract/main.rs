//! The promises of the API over a real socket that the cases of `tests/cases` cannot express as data.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test measures deadlines, and a panic is how it fails"
)]

mod badge;
mod bodies;
mod children;
mod index;
mod producers;
mod programs;
mod security;
mod streams;
mod tokens;
mod waiting;
mod webhooks;
mod wrangler;
