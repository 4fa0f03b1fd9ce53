//! The face of `job-progress`: Leptos views of a value.
//!
//! [`Face`] is what is known, [`Look`] what there is to see of it, in words and numbers, and [`bar`](mod@bar) puts that
//! on the screen. Only the last needs a browser.
//!
//! # What this crate does not do
//!
//! It fetches nothing and knows no connection, no attributes and no DOM events: who mounts a view hands it its value.
#![forbid(unsafe_code)]

pub mod announcer;
pub mod bar;
pub mod face;
pub mod format;
pub mod intl;
pub mod look;
pub mod messages;
pub mod remaining;

pub use face::{Face, Job, Link};
pub use look::Look;

/// The style sheet of every view, for the shadow root that it is mounted in.
pub const STYLE: &str = include_str!("style.css");
