//! The driver for web pages: a lent `fetch`, timers, and what the browser tells of the page and its network.

mod hub;
mod line;
mod page;
mod transport;
mod value;
mod watch;

pub use hub::{Subscription, heard, subscribe};
pub use transport::{Transport, lend};
pub use value::Value;
pub use watch::{News, Source, Watcher};
