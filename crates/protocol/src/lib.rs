//! The wire protocol of `job-progress`: types, status table, fold, ETA, SSE codec, limits, problems.
//!
//! Every function is a pure function of its arguments: the time, randomness and bytes of the network are arguments.
//! PROTOCOL.md beside this crate is the specification.
//!
//! # Terminology
//!
//! A *job* is a piece of work. Its *producer* sends *reports*; the [*fold*](fold) applies each one to the *document*, which
//! *readers* get. Each commit of a document raises its *seq*. The *epoch* is random and made with the job, so that a job
//! that is created again under the same id is not mistaken for the first one; epoch and seq together are a
//! [*cursor*](cursor), the last change that a reader has seen. The [*weight*](weight) of a report is the most bytes that it
//! can add to the free-form fields of the document. A [*form*](form::Form) is the syntax of one field of a report; a [*patch*](patch) is the change
//! that a report makes to one field. A [*problem*](problem) is the body of a response that is not a success. A *frame* is
//! one event of a stream of [*server-sent events*](sse).
//!
//! # What this crate does not do
//!
//! It reads no clock, generates no randomness, does not wait and opens no connection. It depends neither on Workers nor on
//! browsers. `engine` decides which reports are accepted and which viewers get the result.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it"))]

pub mod answer;
pub mod attempt;
pub mod children;
pub mod control;
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
mod json_mistake;
pub mod limits;
pub mod log_line;
pub mod number;
pub mod parse_error;
pub mod patch;
pub mod problem;
pub mod report;
#[cfg(feature = "schema")]
pub mod schema;
pub mod size;
pub mod sse;
pub mod status;
pub mod step;
pub mod time;
pub mod truncation;
pub mod webhook;
pub mod weight;

pub use document::Document;
pub use problem::Problem;
pub use report::Report;
pub use status::{Status, Substate};
pub use time::Timestamp;
