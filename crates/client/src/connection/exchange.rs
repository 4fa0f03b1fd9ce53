//! An exchange: an open request, and the part of its response that has arrived.

use protocol::{limits::DOCUMENT_BYTES, sse::Decoder};

use super::{RequestId, ResponseHead};

/// Maximum bytes of a response that is not a stream: the largest document with its included parts, and a margin.
const BODY_BYTES: usize = 16 * DOCUMENT_BYTES;

/// A request that was sent and whose response is not complete.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Exchange {
    pub(super) id: RequestId,
    pub(super) sent_at: u64,
    head: Option<ResponseHead>,
    body: Vec<u8>,
}

impl Exchange {
    pub(super) fn new(id: RequestId, now: u64) -> Exchange {
        Exchange { id, sent_at: now, head: None, body: Vec::new() }
    }

    pub(super) fn on_head(&mut self, head: ResponseHead) {
        self.head = Some(head);
    }

    /// Whether the response's head has arrived.
    pub(super) fn has_head(&self) -> bool {
        self.head.is_some()
    }

    /// Keeps bytes of a body that is read as a whole. A longer body than any of this API's is truncated and then not JSON.
    pub(super) fn on_bytes(&mut self, bytes: &[u8]) {
        if self.body.len().saturating_add(bytes.len()) <= BODY_BYTES {
            self.body.extend_from_slice(bytes);
        }
    }

    pub(super) fn body(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The HTTP status, 0 while there is none.
    pub(super) fn status(&self) -> u16 {
        self.head.as_ref().map_or(0, |head| head.status)
    }

    pub(super) fn is_stream(&self) -> bool {
        self.head.as_ref().is_some_and(|head| head.status == 200 && head.is_stream)
    }

    /// The `Retry-After` of the response, in milliseconds.
    pub(super) fn retry_after_ms(&self) -> u64 {
        self.head.as_ref().and_then(|head| head.retry_after).unwrap_or(0).saturating_mul(1000)
    }
}

/// A stream of many jobs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stream {
    pub(super) exchange: Exchange,
    pub(super) decoder: Decoder,
    pub(super) first_byte_at: u64,
    pub(super) last_byte_at: u64,
    /// Some of its jobs have left, and the server still sends their frames.
    pub(super) has_stale_jobs: bool,
}

impl Stream {
    pub(super) fn new(id: RequestId, now: u64) -> Stream {
        Stream {
            exchange: Exchange::new(id, now),
            decoder: Decoder::default(),
            first_byte_at: now,
            last_byte_at: now,
            has_stale_jobs: false,
        }
    }
}

/// A request for the document of one job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Poll {
    pub(super) exchange: Exchange,
    /// Whether the server waits for a change before it answers (a long poll).
    pub(super) waits: bool,
}
