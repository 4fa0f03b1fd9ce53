//! The body of a request, read up to its limit.

use engine::body::{Accepts, BodyHeaders, incomplete, too_large};
use futures_util::StreamExt as _;
use js_sys::Uint8Array;
use protocol::{Problem, json, limits::REPORTS_BYTES};
use serde_json::Value;
use wasm_bindgen_futures::JsFuture;
use worker::ByteStream;

use crate::{glue, request::IncomingRequest, response::ErrorResponse};

/// How many bytes of a refused body are read so that its sender receives the response: as many again as may be sent.
const MAX_DISCARDED: usize = REPORTS_BYTES * 2;

/// A body that was read whole.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
}

impl Body {
    /// Reads a JSON body of at most `limit` bytes.
    pub(crate) async fn read(request: &IncomingRequest, limit: usize) -> Result<Body, ErrorResponse> {
        let headers = BodyHeaders::new(request.content_headers(), Accepts::Json, limit)?;
        Ok(Body { bytes: read_with(request, &headers, limit).await? })
    }

    /// The body of a request that is not a report, as one JSON text.
    pub(crate) fn json(&self) -> Result<Value, Problem> {
        json::parse_request(&self.bytes)
    }
}

/// What the headers say about a body of reports.
pub(crate) fn report_headers(request: &IncomingRequest) -> Result<BodyHeaders, Problem> {
    BodyHeaders::new(request.content_headers(), Accepts::JsonOrNdjson, REPORTS_BYTES)
}

/// Reads the reports of a request with these headers.
pub(crate) async fn read_reports(request: &IncomingRequest, headers: &BodyHeaders) -> Result<Vec<u8>, ErrorResponse> {
    read_with(request, headers, REPORTS_BYTES).await
}

async fn read_with(request: &IncomingRequest, headers: &BodyHeaders, limit: usize) -> Result<Vec<u8>, ErrorResponse> {
    if headers.bytes.is_none() {
        return read_up_to(request, limit).await;
    }
    // The runtime checks the body against `Content-Length`.
    let buffer = JsFuture::from(request.inner().array_buffer()?).await.map_err(|_| incomplete())?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// Reads a body of unknown length; fails if it has more than `limit` bytes, of which no more are kept.
pub(crate) async fn read_up_to(request: &IncomingRequest, limit: usize) -> Result<Vec<u8>, ErrorResponse> {
    let Some(body) = request.inner().body() else { return Ok(Vec::new()) };
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    let mut chunks = ByteStream::from(body);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| incomplete())?;
        length = length.saturating_add(chunk.len());
        if length <= limit {
            bytes.extend_from_slice(&chunk);
        } else if length > MAX_DISCARDED {
            break;
        }
    }
    if length > limit { Err(too_large(limit).into()) } else { Ok(bytes) }
}

/// Reads what a refused client still sends, within limits: otherwise the runtime closes the connection, and the client may see only
/// that.
pub(crate) async fn discard(request: &IncomingRequest) {
    let most = u32::try_from(MAX_DISCARDED).unwrap_or(u32::MAX);
    // It does not fail.
    let _ = JsFuture::from(glue::discard_body(request.inner(), most)).await;
}
