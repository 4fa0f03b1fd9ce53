//! How a reader of `job-progress` stays connected to its jobs.
//!
//! [`Connection`] is a pure state machine: a driver passes in what happened, as an [`Input`], and does what it returns, as
//! [`Action`]s. It has no clock, no randomness and no network; the driver supplies them. One connection serves all jobs of
//! a stream, a hundred at most. `browser` is the driver for web pages, and `native`, behind the feature of that name, the
//! driver for programs. `js/` holds the scripts that the former calls, and those that do its work before the wasm has
//! loaded and on pages that forbid wasm.
//!
//! # What this crate does not do
//!
//! It reports nothing: it has no producer. It shows nothing and keeps no document: it passes on each document that is newer
//! than the one before, once.
//!
//! # Words
//!
//! These are added to the terminology of PROTOCOL.md:
//!
//! - *subscription*: a job that a reader follows, with the token and the included parts.
//! - *link*: how the reader is connected: connecting, live, polling or offline.
//! - *live stream*: the stream that brings frames; *opening stream*: the one that has not brought a byte yet.
//! - *route*: stream, long poll or poll; *probe*: an attempt to stream while polls are the route.
//! - *clock offset*: how far the server's clock is ahead of the page's monotonic clock.
#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]

pub mod backoff;
#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod connection;
pub mod endpoints;
pub mod fallback;
pub mod json;
pub mod link;
pub mod log;
#[cfg(feature = "native")]
pub mod native;
pub mod parsed_frame;
pub mod policy;
pub mod problem;
pub mod retry_class;
pub mod server_clock;
pub mod subscription;

pub use connection::{Action, Connection, Input, JobKey, RequestId};
pub use link::Link;
pub use problem::Problem;
pub use server_clock::ServerClock;
pub use subscription::Subscription;
