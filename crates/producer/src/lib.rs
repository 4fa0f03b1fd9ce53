//! The producer of job-progress for Rust programs.
//!
#![doc = include_str!("../README.md")]
//!
//! # What this crate does not do
//!
//! It reads no jobs: the element, the command `jp watch` and `GET …/status` do. It starts no async runtime.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it"))]

mod answer;
mod backoff;
mod builder;
mod client;
mod control;
mod driver;
mod http;
mod identity;
mod item;
mod job;
mod links;
mod machine;
mod problem;
mod quantity;
mod queue;
mod report;
mod track;

pub use protocol::{
    Status, Substate, Timestamp,
    control::{Control, ControlRequest},
    document::Object,
    step::{Step, StepStatus},
};

pub use crate::{
    builder::JobBuilder,
    client::{Client, SettingsError},
    job::{DeliveryError, Job},
    links::Links,
    problem::Problem,
    quantity::Quantity,
    report::Report,
    track::Track,
};
