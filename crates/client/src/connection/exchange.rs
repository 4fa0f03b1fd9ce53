//! An exchange: a request that is out, and what has come of its answer.

use protocol::{limits::DOCUMENT_BYTES, sse::Decoder};

use super::ResponseHead;

/// Bytes of an answer that is no stream: the largest document, its included parts and then some.
const BODY_BYTES: usize = 16 * DOCUMENT_BYTES;

/// A request that has been sent and not ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Exchange {
    pub(super) id: u32,
    /// When it was sent.
    pub(super) since: u64,
    head: Option<ResponseHead>,
    body: Vec<u8>,
}

impl Exchange {
    pub(super) fn new(id: u32, since: u64) -> Exchange {
        Exchange { id, since, head: None, body: Vec::new() }
    }

    pub(super) fn begin(&mut self, head: ResponseHead) {
        self.head = Some(head);
    }

    pub(super) fn has_begun(&self) -> bool {
        self.head.is_some()
    }

    /// Keeps bytes of a body that is read whole. What is longer than any such body can be is cut off, and then no JSON.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        if self.body.len().saturating_add(bytes.len()) <= BODY_BYTES {
            self.body.extend_from_slice(bytes);
        }
    }

    pub(super) fn body(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn status(&self) -> u16 {
        self.head.as_ref().map_or(0, |head| head.status)
    }

    pub(super) fn is_stream(&self) -> bool {
        self.head.as_ref().is_some_and(|head| head.status == 200 && head.is_stream)
    }

    /// How many milliseconds the server wants to be left in peace.
    pub(super) fn peace(&self) -> u64 {
        self.head.as_ref().and_then(|head| head.retry_after).unwrap_or(0).saturating_mul(1000)
    }
}

/// A stream of many jobs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stream {
    pub(super) exchange: Exchange,
    pub(super) decoder: Decoder,
    /// When it was last heard, and when first.
    pub(super) heard: u64,
    pub(super) begun: u64,
    /// Some of its jobs are wanted no more, and the server still tells of them.
    pub(super) has_strays: bool,
}

impl Stream {
    pub(super) fn new(id: u32, now: u64) -> Stream {
        Stream {
            exchange: Exchange::new(id, now),
            decoder: Decoder::default(),
            heard: now,
            begun: now,
            has_strays: false,
        }
    }
}

/// A request for the state of one job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Poll {
    pub(super) exchange: Exchange,
    /// Whether the server is asked to wait for a change.
    pub(super) waits: bool,
}
