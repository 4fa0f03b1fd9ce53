//! The commands of `jp`, run as its users run them.
#![allow(clippy::disallowed_methods, reason = "a test measures deadlines")]

mod bars;
mod control;
mod errors;
mod logs;
mod read;
mod readme;
mod token;
mod watch;
