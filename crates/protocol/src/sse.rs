//! Server-sent events: the format of a stream, read and written without I/O.
//!
//! The source is the [HTML standard, section 9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
//! What the standard calls an event is a [`Frame`] here, because "event" has too many meanings.
//!
//! ```
//! use protocol::sse::{Decoder, Item, write_comment, write_frame, write_retry};
//!
//! let mut stream = String::new();
//! write_comment(&mut stream, "ok").unwrap();
//! write_retry(&mut stream, 1000);
//! write_frame(&mut stream, "", Some("k3v9a0.17"), r#"{"progress":75}"#).unwrap();
//!
//! let mut items = Vec::new();
//! Decoder::default().feed(stream.as_bytes(), |item| items.push(item)).unwrap();
//! assert!(matches!(items[..2], [Item::Comment, Item::Retry(1000)]));
//! let Item::Frame(frame) = &items[2] else { panic!() };
//! assert_eq!((frame.id.as_str(), frame.data.as_str()), ("k3v9a0.17", r#"{"progress":75}"#));
//! ```

mod decoder;
mod encoder;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, TooLong};
pub use encoder::{Unwritable, write_comment, write_frame, write_retry};

/// Milliseconds between two heartbeats of a stream: proxies close a connection that is silent for a minute, often sooner.
pub const HEARTBEAT_MS: u64 = 12_000;
/// The most bytes of one line, without its line end, that a [`Decoder`] accepts: eight documents of the largest size.
pub const LINE_BYTES: usize = 1024 * 1024;
/// The most bytes of data in one frame that a [`Decoder`] accepts.
pub const FRAME_BYTES: usize = 4 * LINE_BYTES;

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The value of the `event` field; empty if the frame has none.
    pub name: String,
    /// The last id in the stream up to this frame, its own included; empty if there was none.
    pub id: String,
    /// The data lines, joined with newlines.
    pub data: String,
}

/// One item that a [`Decoder`] emits. Items are emitted in the order in which they end in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A complete frame, emitted at its empty line.
    Frame(Frame),
    /// A `retry` line: the milliseconds to wait before reconnecting.
    Retry(u64),
    /// A comment line, which shows that the connection is alive. Its text is dropped.
    Comment,
}
