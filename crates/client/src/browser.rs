//! The driver for web pages: `fetch`, timers, and what the browser tells of the page and its network.

mod hub;
mod page;
mod request;
mod value;
mod watch;

pub use hub::{Subscription, subscribe};
pub use value::Value;
pub use watch::{News, Source, Watcher};
