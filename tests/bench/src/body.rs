//! The body of a response: its framing, and where it ends.

use anyhow::{Context, Result, bail};

/// How the length of a body is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// This many bytes are left.
    Known(usize),
    /// It comes in chunks.
    Chunked,
    /// It ends with the connection.
    Open,
}

/// Removes the framing from a body.
#[derive(Debug)]
pub struct Body {
    length: Length,
    raw: Vec<u8>,
    /// Bytes left of the current chunk; 0 while its line end is still to be read.
    chunk: Option<usize>,
    over: bool,
}

impl Body {
    /// A body whose first bytes arrived with the head.
    pub fn new(length: Length, raw: Vec<u8>) -> Body {
        Body { length, raw, chunk: None, over: length == Length::Known(0) }
    }

    /// Whether all of it has been read.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Adds bytes from the socket.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
    }

    /// Passes on the bytes that can be read by now.
    pub fn drain(&mut self, mut out: impl FnMut(&[u8])) -> Result<()> {
        match self.length {
            Length::Open => {
                out(&self.raw);
                self.raw.clear();
            }
            Length::Known(left) => {
                let count = left.min(self.raw.len());
                out(&self.raw[..count]);
                self.raw.drain(..count);
                self.length = Length::Known(left - count);
                self.over = left == count;
            }
            Length::Chunked => {
                let mut at = 0;
                while !self.over {
                    match self.chunk {
                        None => {
                            let Some(end) = self.raw[at..].windows(2).position(|pair| pair == b"\r\n") else { break };
                            let line =
                                std::str::from_utf8(&self.raw[at..at + end]).context("a chunk size is not text")?;
                            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default(), 16)
                                .with_context(|| format!("not a chunk size: {line}"))?;
                            at += end + 2;
                            self.chunk = Some(size);
                            self.over = size == 0;
                        }
                        Some(0) => {
                            let Some(end) = self.raw.get(at..at + 2) else { break };
                            if end != b"\r\n" {
                                bail!("a chunk is longer than its size");
                            }
                            at += 2;
                            self.chunk = None;
                        }
                        Some(left) => {
                            let count = left.min(self.raw.len() - at);
                            if count == 0 {
                                break;
                            }
                            out(&self.raw[at..at + count]);
                            at += count;
                            self.chunk = Some(left - count);
                        }
                    }
                }
                self.raw.drain(..at);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_read_wherever_the_bytes_are_split() {
        let wire = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n";
        for step in 1..wire.len() {
            let (mut body, mut text) = (Body::new(Length::Chunked, Vec::new()), Vec::new());
            for part in wire.chunks(step) {
                body.feed(part);
                body.drain(|bytes| text.extend_from_slice(bytes)).unwrap();
            }
            assert_eq!((text.as_slice(), body.is_over()), (&b"hello world"[..], true), "{step}");
        }
    }

    #[test]
    fn a_known_length_ends_the_body() {
        let (mut body, mut text) = (Body::new(Length::Known(3), b"abcd".to_vec()), Vec::new());
        body.drain(|bytes| text.extend_from_slice(bytes)).unwrap();
        assert_eq!((text.as_slice(), body.is_over()), (&b"abc"[..], true));
    }
}
