//! The driver for web pages: it gets `fetch` from a script, sets timers, and passes on the events of the page and its
//! network.

mod connection_driver;
mod monotonic;
mod page;
mod registry;
mod shared_subscription;
mod transport;
mod update;
mod value;

pub use monotonic::monotonic;
pub use registry::{SubscriptionHandle, on_token_renewed, on_transport_event, subscribe};
pub use shared_subscription::Source;
pub use transport::{Transport, set_transport};
pub use update::{Subscriber, Update};
pub use value::Value;
