//! Bytes in JavaScript's memory. Memory of wasm never shrinks, and to copy each frame there and back would cost more than all
//! the rest of the relay.

use engine::chunk::Chunk;
use js_sys::Uint8Array;

/// Bytes that stay in JavaScript's memory.
#[derive(Clone)]
pub(crate) struct Bytes(pub(crate) Uint8Array);

impl Chunk for Bytes {
    fn from_bytes(bytes: &[u8]) -> Bytes {
        Bytes(Uint8Array::from(bytes))
    }

    fn size(&self) -> usize {
        usize::try_from(self.0.length()).unwrap_or(usize::MAX)
    }

    fn rest_after(&self, skip: usize) -> Bytes {
        Bytes(self.0.subarray(u32::try_from(skip).unwrap_or(u32::MAX), self.0.length()))
    }

    fn to_vec(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// The chunks as one; a single chunk is not copied.
pub(crate) fn concat(chunks: &[Bytes]) -> Uint8Array {
    if let [Bytes(only)] = chunks {
        return only.clone();
    }
    let bytes = chunks.iter().fold(0_u32, |bytes, chunk| bytes.saturating_add(chunk.0.length()));
    let whole = Uint8Array::new_with_length(bytes);
    let mut offset = 0_u32;
    for Bytes(chunk) in chunks {
        whole.set(chunk, offset);
        offset = offset.saturating_add(chunk.length());
    }
    whole
}
