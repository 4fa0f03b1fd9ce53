//! Polling: the ETag of a status response, and the delay before the next poll.

use protocol::{Document, Status, Timestamp, cursor::Cursor, include::Include};

use crate::subscription::has_ended;

/// The form of a status response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// The whole document.
    #[default]
    Json,
    /// The summary.
    Summary,
}

impl Format {
    /// The values of the parameter `format`.
    pub const NAMES: [&'static str; 2] = ["json", "summary"];

    /// Parses the parameter `format`.
    pub fn parse(word: &str) -> Option<Format> {
        match word {
            "json" => Some(Format::Json),
            "summary" => Some(Format::Summary),
            _ => None,
        }
    }
}

/// The entity tag of a status response (RFC 9110, section 8.8.3). It differs between states, forms and sets of parts.
///
/// ```
/// use engine::poll::{Format, etag};
/// use protocol::{cursor::Cursor, include::Include};
/// let cursor = Cursor::parse("k3v9a0.17").unwrap();
/// assert_eq!(etag(&cursor, Include::NONE, Format::Json), "\"k3v9a0.17\"");
/// assert_eq!(etag(&cursor, Include::from_bits(5), Format::Summary), "\"k3v9a0.17-5s\"");
/// ```
pub fn etag(cursor: &Cursor, include: Include, format: Format) -> String {
    match (include.bits(), format) {
        (0, Format::Json) => format!("\"{cursor}\""),
        (bits, Format::Json) => format!("\"{cursor}-{bits}\""),
        (bits, Format::Summary) => format!("\"{cursor}-{bits}s\""),
    }
}

/// Whether the header `If-None-Match` contains `etag`, by weak comparison (RFC 9110, section 13.1.2).
pub fn none_match(header: &str, etag: &str) -> bool {
    header.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// The number of milliseconds to wait before the next poll; `None` if the document will not change any more.
///
/// The intervals follow those of the TensorOne SDKs: 5 s, and 2 s near the end.
pub fn poll_after_ms(document: &Document, now: Timestamp) -> Option<u64> {
    let near_the_end = document.progress.is_some_and(|progress| progress.get() > 90.0);
    match document.status {
        status if status.is_terminal() => (!has_ended(document, now)).then_some(5_000),
        Status::Running | Status::Initializing if near_the_end => Some(1_000),
        Status::Running | Status::Initializing => Some(2_000),
        _ => Some(5_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polling_ends_when_a_stream_would() {
        let at = |minute: u64| Timestamp::from_millis(minute.saturating_mul(60_000));
        let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), at(0));
        document.status = Status::Failed;
        assert_eq!(poll_after_ms(&document, at(1)), None);
        document.next_retry_at = Some(at(5));
        assert_eq!(poll_after_ms(&document, at(4)), Some(5_000));
        assert_eq!(poll_after_ms(&document, at(5)), None);
    }

    #[test]
    fn an_etag_matches_in_a_list_and_weak_or_strong() {
        for header in ["\"a.1\"", "W/\"a.1\"", "\"b.2\", \"a.1\"", "*"] {
            assert!(none_match(header, "\"a.1\""), "{header}");
        }
        for header in ["", "a.1", "\"a.1-4\"", "\"a.11\""] {
            assert!(!none_match(header, "\"a.1\""), "{header}");
        }
    }
}
