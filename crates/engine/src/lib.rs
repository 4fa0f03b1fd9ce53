//! The server's policy as pure functions.
//!
//! The crate decides which reports change a job, who may do what, when a change is broadcast and which frames a reader
//! is sent. The edge parses requests, calls these functions, and carries out what they return.
//!
//! # What this crate does not do
//!
//! It reads no clock, draws no random numbers, and does no I/O: `now` and random bytes are arguments, and what is to be
//! stored or sent is returned. How a report changes a document (the *fold*) is in the crate `protocol`.
//!
//! # Words
//!
//! The words of PROTOCOL.md's Terminology keep their meaning. Beside them:
//!
//! * *job* ([`job::Job`]): the document, and the record that only the server sees.
//! * *acceptance* ([`accept::Acceptance`]): a job after some reports, with the outcome of each.
//! * *deadline* ([`deadline::Deadline`]): what happens to a job at a time and not because of a request.
//! * *lifecycle* ([`lifecycle::Lifecycle`]): the parts of a document whose change is broadcast at once.
//! * *grant* ([`grant::Grant`]): what a verified credential allows. Its *holder* is the key or token behind it.
//! * *mint*: to sign a token on behalf of a key.
//! * *pace* ([`pace`]): the interval between two broadcasts of a job.
//! * *webhook* ([`webhook`]): a URL with the events of a job that it gets. Its *deliveries* are in the *outbox* until they are sent.
//! * *row* ([`index::row::Row`]): what the index, the list of a project's jobs, has of a job.
//! * *notice* ([`notice`]): what a job has to report to another object about its changes.
//! * *child* ([`children`]): a job that belongs to another one, which counts it.
//! * *frame* ([`frame`]): one message from the object to the edge, a head line and the SSE frame that follows it.
#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it"))]

pub mod accept;
pub mod access;
pub mod address;
pub mod alarm;
pub mod backup;
pub mod badge;
pub mod batch;
pub mod body;
pub mod called;
pub mod children;
pub mod chunk;
pub mod client_address;
pub mod control;
pub mod creation_answer;
pub mod credential;
pub mod crypto;
pub mod deadline;
pub mod estimates;
pub mod flask;
pub mod frame;
pub mod grant;
pub mod idempotency;
pub mod include;
pub mod index;
pub mod job;
pub mod job_queue;
pub mod kept_tags;
pub mod key;
pub mod lifecycle;
pub mod log;
pub mod metrics;
pub mod mint;
pub mod not_configured;
pub mod notice;
#[cfg(feature = "schema")]
pub mod openapi;
pub mod pace;
pub mod pending_broadcast;
pub mod permission;
pub mod poll;
pub mod query;
pub mod rate_limit;
pub mod recent_lines;
pub mod retention;
pub mod route;
pub mod set_back;
pub mod settings;
pub mod shutdown;
pub mod signer;
pub mod storage_error;
pub mod stream_request;
pub mod subscription;
pub mod tags;
pub mod tensorlake;
pub mod throttle;
pub mod token;
pub mod warm_objects;
pub mod webhook;
