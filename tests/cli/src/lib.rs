//! What the tests of the command `jp` share: the built binary, and jobs on the server under test.
//!
//! The server and its credentials are in the environment, as `contract::target` reads them.
#![forbid(unsafe_code)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "a test tool: it measures deadlines, and a panic is how a test fails"
)]

pub mod answers;
pub mod binary;
pub mod file_server;
pub mod following;
pub mod job;
pub mod native_reads;
pub mod proxy;
pub mod read_request;
pub mod running;
pub mod signals;
pub mod terminal;
pub mod wait;
