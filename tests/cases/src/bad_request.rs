//! Bad requests as they are written in `tests/cases/bad`: each is refused with the right problem and changes nothing.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::case::RequestTemplate;

/// A file of bad requests, one job for all of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadRequestFile {
    /// What the requests have in common, in a sentence.
    pub about: String,
    /// The reports that make the job, which no bad request may change.
    pub job: Vec<Value>,
    /// The members of a request that the bad requests leave out.
    pub request: Map<String, Value>,
    /// The bad requests.
    pub refusals: Vec<BadRequest>,
}

/// A bad request: the members of a request, and what is expected of the answer.
#[derive(Clone, Debug, Deserialize)]
pub struct BadRequest {
    /// What is bad about it, unique in its file.
    pub name: String,
    /// The HTTP status; 400 when absent.
    #[serde(default)]
    pub status: Option<u16>,
    /// The code; `INVALID_REQUEST` when absent.
    #[serde(default)]
    pub error: Option<String>,
    /// What `details.field` names.
    #[serde(default)]
    pub field: Option<String>,
    /// What is expected of the other details.
    #[serde(default)]
    pub details: Option<Value>,
    /// What is expected of the headers of the answer.
    #[serde(default)]
    pub answer_headers: Map<String, Value>,
    /// The members of the request.
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl BadRequest {
    /// The request, completed with the members that all requests of the file share.
    ///
    /// # Errors
    ///
    /// The member that is unknown or has a wrong type.
    pub fn request(&self, shared: &Map<String, Value>) -> Result<RequestTemplate, String> {
        let mut members = shared.clone();
        members.extend(self.members.clone());
        serde_json::from_value(members.into()).map_err(|error| format!("{}: {error}", self.name))
    }
}
