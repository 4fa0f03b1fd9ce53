//! The face of `job-progress`: Leptos views of a value.
//!
//! [`Face`] is what is known, [`Look`] what there is to see of it, in words and numbers, and [`View`] puts that on the
//! screen. Only the last needs a browser. What only the detailed variant shows is drawn by `panel/`, which is loaded when
//! it is first needed; the picture that does without wasm by `js/`.
//!
//! # What this crate does not do
//!
//! It fetches nothing and knows no connection, no attributes and no DOM events: who mounts a view hands it its value.
#![forbid(unsafe_code)]

pub mod announcer;
pub mod face;
pub mod format;
pub mod intl;
pub mod look;
pub mod messages;
pub mod remaining;
pub mod tongue;
pub mod view;

pub use face::{Face, Job, Link, Trouble};
pub use look::Look;
pub use view::View;

/// The style sheet of every view, for the shadow root that it is mounted in.
pub const STYLE: &str = include_str!("style.css");
