//! The contract over a real socket: every case of `tests/cases`, and what data says badly.
#![allow(clippy::arithmetic_side_effects, clippy::disallowed_methods, reason = "a test measures deadlines")]

mod cases;
