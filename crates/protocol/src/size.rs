//! The size of a value as JSON, counted without building the text.

use serde::Serialize;

/// The size in bytes of the value as JSON; `usize::MAX`, which is above every limit, if it cannot be serialized.
///
/// ```
/// assert_eq!(protocol::size::json_bytes(&vec!["a", "\n"]), r#"["a","\n"]"#.len());
/// ```
pub fn json_bytes(value: &impl Serialize) -> usize {
    let mut counter = Counter(0);
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        Err(_) => usize::MAX,
    }
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
