//! Server-sent events: the format of a stream, read and written without I/O.
//!
//! The source is the [HTML standard, section 9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
//! What it calls an event is a [`Frame`] here, as "event" means too many things already.
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

/// Bytes of one line, its end aside, that a [`Decoder`] takes: eight documents of the largest size.
pub const LINE_BYTES: usize = 1024 * 1024;
/// Bytes of one frame's data that a [`Decoder`] gathers from its lines.
pub const FRAME_BYTES: usize = 4 * LINE_BYTES;

/// One block of a stream that carries data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// What kind of frame it is; empty where the block did not say.
    pub name: String,
    /// The last id the stream has given, in this block or before it; empty where there was none.
    pub id: String,
    /// The data lines, joined by a newline each.
    pub data: String,
}

/// What a [`Decoder`] has understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A whole frame.
    Frame(Frame),
    /// How many milliseconds to wait before connecting again.
    Retry(u64),
    /// A comment line: nothing but a sign of life.
    Comment,
}
