//! The Tensorlake progress API, as a view of the document.

use protocol::{Document, document::Object, number::Number};
use serde::Serialize;

/// The response of `GET /applications/{application}/requests/{request_id}/progress`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Progress<'a> {
    /// The document's `current`, or its `progress` if the producer reports only a percentage; else null.
    pub current: Option<Number>,
    /// The document's `total`, or 100 if `current` is a percentage; else null.
    pub total: Option<Number>,
    /// The document's `message`, or null.
    pub message: Option<&'a str>,
    /// The document's `attributes`, or null.
    #[cfg_attr(feature = "schema", schemars(with = "Option<std::collections::BTreeMap<String, String>>"))]
    pub attributes: Option<&'a Object>,
    /// The time of the last change, in milliseconds since the Unix epoch.
    pub timestamp: u64,
}

/// The document in the shape of that API. A job that reports only a percentage has it as `current` of a `total` of 100.
pub fn progress(document: &Document) -> Progress<'_> {
    let counts = (document.current, document.total);
    let (current, total) = match (counts, document.progress) {
        ((None, None), Some(percent)) => (Some(percent), Some(Number::HUNDRED)),
        (counts, _) => counts,
    };
    Progress {
        current,
        total,
        message: document.message.as_deref(),
        attributes: document.attributes.as_ref(),
        timestamp: document.updated_at.millis(),
    }
}
