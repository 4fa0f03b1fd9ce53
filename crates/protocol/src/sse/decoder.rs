//! The decoder: bytes in, items out, however the bytes are split into chunks.

use std::fmt;

use super::{FRAME_BYTES, Frame, Item, LINE_BYTES};

/// Reads a stream that is fed to it in chunks of any size.
///
/// It keeps at most one unfinished line ([`LINE_BYTES`]) and the data of one unfinished frame ([`FRAME_BYTES`]). Each
/// byte is read once, so the cost is linear in the length of the stream. A frame that is unfinished at the end of the stream
/// is dropped with the decoder, as the standard requires. Use a new decoder for every stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Decoder {
    /// The start of a line that the last chunk did not finish.
    line: Vec<u8>,
    /// The last byte was a CR; an LF right after it belongs to the same line end, even in the next chunk.
    after_cr: bool,
    /// The first line, which may begin with a byte order mark, has been read.
    begun: bool,
    /// A limit was exceeded; the bytes after it can no longer be split into items.
    lost: bool,
    name: String,
    id: String,
    data: String,
}

/// The error for a line or a frame above the limit. The decoder refuses everything after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line or a frame of the stream is too long")
    }
}

impl std::error::Error for TooLong {}

impl Decoder {
    /// Reads the next bytes and emits each item as soon as it is complete.
    ///
    /// # Errors
    ///
    /// [`TooLong`] as soon as a line exceeds [`LINE_BYTES`] or a frame [`FRAME_BYTES`], and at every later call. The items
    /// before it have been emitted.
    pub fn feed(&mut self, chunk: &[u8], mut emit: impl FnMut(Item)) -> Result<(), TooLong> {
        let mut rest = chunk;
        while !self.lost {
            if self.after_cr && !rest.is_empty() {
                self.after_cr = false;
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            }
            let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
                self.keep(rest);
                break;
            };
            let (last, tail) = rest.split_at(end);
            let Some((terminator, tail)) = tail.split_first() else { break };
            self.after_cr = *terminator == b'\r';
            rest = tail;
            if self.line.is_empty() && last.len() <= LINE_BYTES {
                self.line(last, &mut emit);
            } else {
                self.keep(last);
                let line = std::mem::take(&mut self.line);
                self.line(&line, &mut emit);
            }
        }
        if self.lost { Err(TooLong) } else { Ok(()) }
    }

    fn keep(&mut self, part: &[u8]) {
        if self.line.len().saturating_add(part.len()) > LINE_BYTES {
            self.lost = true;
            self.line = Vec::new();
        } else {
            self.line.extend_from_slice(part);
        }
    }

    fn line(&mut self, line: &[u8], emit: &mut impl FnMut(Item)) {
        let line = if self.begun { line } else { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line) };
        self.begun = true;
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            _ if self.lost => return,
            None if line.is_empty() => return self.end_frame(emit),
            None => (line, &[][..]),
            Some(0) => return emit(Item::Comment),
            Some(colon) => {
                let (field, value) = line.split_at(colon);
                let value = value.strip_prefix(b":").unwrap_or(value);
                (field, value.strip_prefix(b" ").unwrap_or(value))
            }
        };
        match field {
            b"data" => {
                // A line has whole characters, because no byte of a multi-byte character equals a line end.
                self.data.push_str(&String::from_utf8_lossy(value));
                self.data.push('\n');
                self.lost = self.data.len() > FRAME_BYTES;
            }
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            b"id" if !value.contains(&0) => self.id = String::from_utf8_lossy(value).into_owned(),
            b"retry" => {
                let digits = (!value.is_empty() && value.iter().all(u8::is_ascii_digit)).then_some(value);
                if let Some(millis) = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()) {
                    emit(Item::Retry(millis));
                }
            }
            _ => {}
        }
    }

    fn end_frame(&mut self, emit: &mut impl FnMut(Item)) {
        let name = std::mem::take(&mut self.name);
        // Every data line has appended a newline, so `data` is empty only if there was no data line.
        if self.data.pop().is_some() {
            emit(Item::Frame(Frame { name, id: self.id.clone(), data: std::mem::take(&mut self.data) }));
        }
    }
}
