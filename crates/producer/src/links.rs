//! The URLs of a job.

use serde_json::Value;

/// The absolute URLs of a job, as the response to its creation has them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Links {
    /// The document.
    pub status: String,
    /// The stream.
    pub stream: String,
    /// Where reports are sent.
    pub reports: String,
    /// The page that shows the job, if the key can read it. It contains a token that can read this job for 24 hours.
    pub page: Option<String>,
}

impl Links {
    pub(crate) fn read(links: &Value) -> Option<Links> {
        let url = |name: &str| links.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Links { status: url("status")?, stream: url("stream")?, reports: url("reports")?, page: url("page") })
    }
}
