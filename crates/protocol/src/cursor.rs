//! A cursor `<epoch>.<seq>`: the last change that a reader has seen. It is the SSE id, which `Last-Event-ID` returns.

use std::fmt;

use crate::{limits::EPOCH_CHARS, number::MAX_SAFE_INTEGER, parse_error::from_str};

/// The position of a reader in the changes of a job.
///
/// ```
/// use protocol::cursor::Cursor;
/// let cursor = Cursor::parse("k3v9a0.17").unwrap();
/// assert_eq!((cursor.epoch(), cursor.seq()), ("k3v9a0", 17));
/// assert_eq!(cursor.to_string(), "k3v9a0.17");
/// assert_eq!(Cursor::parse("17"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    epoch: String,
    seq: u64,
}

impl Cursor {
    /// The position after change `seq` of the job with `epoch`.
    pub fn new(epoch: &str, seq: u64) -> Cursor {
        Cursor { epoch: epoch.to_owned(), seq }
    }

    /// Parses a cursor; `None` if the text is not a cursor. Callers treat that as no cursor: a refusal would stop the
    /// reconnection of a native `EventSource` for good.
    pub fn parse(text: &str) -> Option<Cursor> {
        let (epoch, seq) = text.split_once('.')?;
        let base36 = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
        let canonical = !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit()) && !seq.starts_with('0');
        let seq: u64 = seq.parse().ok()?;
        (canonical && seq <= MAX_SAFE_INTEGER && epoch.len() == EPOCH_CHARS && epoch.bytes().all(base36))
            .then(|| Cursor::new(epoch, seq))
    }

    /// The job's epoch.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The last change that the reader has seen.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The text of the cursor. `Display` writes the same, but its formatter would add to the element's wasm.
    pub fn text(&self) -> String {
        [&self.epoch, ".", &self.seq.to_string()].concat()
    }

    /// Whether a reader at this position has not seen `newer`: the job has changed, or was created again.
    pub fn is_behind(&self, newer: &Cursor) -> bool {
        self.epoch != newer.epoch || self.seq < newer.seq
    }
}

from_str!(Cursor, "a cursor `<epoch>.<seq>`");

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_another_form_is_not_a_cursor() {
        for text in [
            "",
            ".",
            "k3v9a0",
            "k3v9a0.",
            ".1",
            "k3v9a0.0",
            "k3v9a0.01",
            "k3v9a0.+1",
            "k3v9a0.-1",
            "K3V9A0.1",
            "k3v9a.1",
            "k3v9a00.1",
            "k3v9a0.1.2",
            "k3v9a0.9007199254740992",
            "k3v9a0.99999999999999999999",
            "k3v9aé.1",
        ] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
        assert!(Cursor::parse("k3v9a0.9007199254740991").is_some());
    }

    #[test]
    fn a_cursor_of_another_epoch_is_behind_at_any_seq() {
        assert!(Cursor::new("aaaaaa", 9).is_behind(&Cursor::new("bbbbbb", 1)));
        assert!(Cursor::new("aaaaaa", 1).is_behind(&Cursor::new("aaaaaa", 2)));
        assert!(!Cursor::new("aaaaaa", 2).is_behind(&Cursor::new("aaaaaa", 2)));
        assert!(!Cursor::new("aaaaaa", 3).is_behind(&Cursor::new("aaaaaa", 2)));
    }
}
