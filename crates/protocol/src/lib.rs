//! The words of `job-progress`: wire types, status table, the one fold, ETA, SSE codec, limits, problems.
//!
//! Everything here is a pure function of its arguments: `now` and randomness are handed in, bytes are fed in.
//!
//! # What this crate does not do
//!
//! It never reads a clock, draws randomness, waits, or opens a connection, and it knows neither Workers nor browsers.
//! What to do with a report (is it stale? who hears of it?) is decided in `engine`.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it"))]

pub mod answer;
pub mod creation;
pub mod cursor;
pub mod document;
pub mod eta;
pub mod fields;
pub mod fold;
pub mod form;
pub mod id;
pub mod include;
pub mod json;
pub mod limits;
pub mod log_line;
pub mod number;
pub mod patch;
pub mod problem;
pub mod report;
#[cfg(feature = "schema")]
pub mod schema;
pub mod sse;
pub mod status;
pub mod step;
pub mod time;
pub mod weight;

pub use document::Document;
pub use problem::Problem;
pub use report::Report;
pub use status::{Status, Substate};
pub use time::Timestamp;
