//! Bytes that the queues of a stream forward and, with few exceptions, never read.

/// Bytes in a memory that the caller chooses (the edge: JavaScript's).
pub trait Chunk: Sized {
    /// A chunk with a copy of these bytes.
    fn from_bytes(bytes: &[u8]) -> Self;
    /// The number of bytes.
    fn size(&self) -> usize;
    /// The bytes after the first `skip`.
    #[must_use]
    fn rest_after(&self, skip: usize) -> Self;
    /// A copy of the bytes, for the few frames that the edge itself reads.
    fn to_vec(&self) -> Vec<u8>;
}

impl Chunk for Vec<u8> {
    fn from_bytes(bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    fn size(&self) -> usize {
        self.len()
    }

    fn rest_after(&self, skip: usize) -> Vec<u8> {
        self.get(skip..).unwrap_or_default().to_vec()
    }

    fn to_vec(&self) -> Vec<u8> {
        self.clone()
    }
}
