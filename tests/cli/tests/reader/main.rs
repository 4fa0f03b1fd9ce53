//! The native reader through faults of the network and of the server.
#![allow(clippy::disallowed_methods, reason = "a test measures deadlines")]

mod faults;
mod limits;
mod refusals;
