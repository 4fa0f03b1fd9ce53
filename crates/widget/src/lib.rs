//! The views of `job-progress`: a Leptos view of the bar, and in JavaScript the panel and the plain view.
//!
//! [`Props`] is what is known of a job and of its connection, [`ViewModel`] what a view shows of that, as texts and numbers,
//! and [`View`] renders it to the DOM. Only the last needs a browser.
//!
//! # Why half of this crate is JavaScript
//!
//! - `panel/` renders what only the detailed variant shows. A wasm module cannot be split: in Rust, every page would load the
//!   panel. The script is 11 KB (gzip) and is loaded when the first detailed element appears. Its virtual DOM is
//!   `panel/tree.js`, 75 lines, which is lighter than any library.
//! - `controls/` renders the buttons that control a job. It is loaded when an element first has the attribute `controls`.
//! - `js/` renders the plain view, with the same style sheet, until the wasm has been loaded and where a page forbids wasm.
//!   It also has what takes fewer bytes as a script: the wasm calls `text.js` and `format.js` through its glue.
//!
//! # What this crate does not do
//!
//! It fetches nothing and knows no connection, no attributes and no DOM events: its caller mounts a view and passes it its
//! props.
#![forbid(unsafe_code)]

pub mod announcer;
pub mod format;
pub mod intl;
pub mod locale;
pub mod messages;
pub mod props;
pub mod remaining;
pub mod silence;
pub mod text;
pub mod view;
pub mod view_model;

pub use locale::Locale;
pub use props::{Announce, Job, Link, Problem, Props};
pub use view::View;
pub use view_model::ViewModel;
