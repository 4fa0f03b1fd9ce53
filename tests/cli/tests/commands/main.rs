//! The commands of `jp`, run as its users run them.

mod status;
