//! The driver for programs: [`Reader`] follows jobs with threads and blocking requests.
#![allow(clippy::disallowed_methods, reason = "a driver supplies the clock")]

mod reader;
mod request;
mod update;

pub use reader::Reader;
pub use update::Update;
