//! The body of a request, read up to its limit.

use engine::body::{Accepts, BodyHeaders, incomplete, too_large};
use futures_util::StreamExt as _;
use js_sys::Uint8Array;
use protocol::{Problem, json, limits::REPORTS_BYTES};
use serde_json::Value;
use wasm_bindgen_futures::JsFuture;
use worker::ByteStream;

use crate::{request::IncomingRequest, response::ErrorResponse};

/// A body that was read whole.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
}

impl Body {
    /// Reads a JSON body of at most `limit` bytes.
    pub(crate) async fn read(request: &IncomingRequest, limit: usize) -> Result<Body, ErrorResponse> {
        let headers = BodyHeaders::new(request.content_headers(), Accepts::Json, limit)?;
        let bytes = match headers.bytes {
            // The runtime checks the body against `Content-Length`.
            Some(_) => {
                let buffer = JsFuture::from(request.inner().array_buffer()?).await.map_err(|_| incomplete())?;
                Uint8Array::new(&buffer).to_vec()
            }
            None => read_up_to(request, limit).await?,
        };
        Ok(Body { bytes })
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

/// Reads a body of unknown length, and fails as soon as it has more than `limit` bytes.
pub(crate) async fn read_up_to(request: &IncomingRequest, limit: usize) -> Result<Vec<u8>, ErrorResponse> {
    let Some(body) = request.inner().body() else { return Ok(Vec::new()) };
    let mut bytes = Vec::new();
    let mut chunks = ByteStream::from(body);
    while let Some(chunk) = chunks.next().await {
        bytes.extend_from_slice(&chunk.map_err(|_| incomplete())?);
        if bytes.len() > limit {
            return Err(too_large(limit).into());
        }
    }
    Ok(bytes)
}
