//! The body of an answer: how it is cut into pieces, and when it is over.

use anyhow::{Context, Result, bail};

/// How the length of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many bytes are left.
    Known(usize),
    /// It comes in chunks.
    Chunked,
    /// It ends with the connection.
    Open,
}

/// Takes the framing off a body.
#[derive(Debug)]
pub struct Body {
    length: Length,
    raw: Vec<u8>,
    /// Bytes left of the present chunk, its line end included once they are read.
    chunk: Option<usize>,
    over: bool,
}

impl Body {
    /// A body of which these bytes came with the head.
    pub fn new(length: Length, raw: Vec<u8>) -> Body {
        Body { length, raw, chunk: None, over: length == Length::Known(0) }
    }

    /// Whether all of it has been read.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Adds what came over the wire.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
    }

    /// Hands over what can be read by now.
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
                            let line = std::str::from_utf8(&self.raw[at..at + end]).context("no chunk size")?;
                            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default(), 16)
                                .with_context(|| format!("no chunk size: {line}"))?;
                            at += end + 2;
                            self.chunk = Some(size);
                            self.over = size == 0;
                        }
                        Some(0) => {
                            let Some(end) = self.raw.get(at..at + 2) else { break };
                            if end != b"\r\n" {
                                bail!("a chunk is longer than it said");
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
    fn chunks_are_read_however_they_are_cut() {
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
