//! Cases as they are written in `tests/cases`, read strictly: a misspelt member is an error, never a case that checks
//! nothing.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A case of the HTTP API or of the streams.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its id, unique among all cases.
    pub id: String,
    /// The promise it tests.
    pub name: String,
    /// The line of a source API that asks for it.
    #[serde(default)]
    pub source: Option<String>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// A case of the fold: reports, and the document they make.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldCase {
    /// Its id, unique among all cases.
    pub id: String,
    /// The promise it tests.
    pub name: String,
    /// The line of a source API that asks for it.
    #[serde(default)]
    pub source: Option<String>,
    /// The reports, in order, each sent by itself; the first one creates the job.
    pub reports: Vec<Value>,
    /// What is expected of each answer; where there is none, that the report is accepted.
    #[serde(default)]
    pub answers: Vec<Value>,
    /// What is expected of the document afterwards.
    pub expect: Value,
}

impl FoldCase {
    /// What is expected of the answer to the report with this index.
    pub fn expected_answer(&self, report: usize) -> Value {
        self.answers.get(report).cloned().unwrap_or_else(|| serde_json::json!({"accepted": true}))
    }
}

/// One step of a case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The request that is sent.
    #[serde(default)]
    pub request: Option<RequestTemplate>,
    /// What is expected of the answer.
    #[serde(default)]
    pub expect: Option<ExpectedResponse>,
    /// Names for parts of the answer: a JSON pointer into the body, or `header:name`.
    #[serde(default)]
    pub save: Map<String, Value>,
    /// The name of the stream that this step opens or reads.
    #[serde(default)]
    pub stream: Option<String>,
    /// The frames that come next.
    #[serde(default)]
    pub frames: Vec<ExpectedFrame>,
    /// Whether the server closes the stream now.
    #[serde(default)]
    pub closed: bool,
}

/// A request of a case, in which `{{name}}` is a variable.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestTemplate {
    /// The method; `GET` without a body and `POST` with one when absent.
    pub method: Option<String>,
    /// Path and query.
    pub path: Option<String>,
    /// Headers.
    pub headers: Map<String, Value>,
    /// The credential: `{{key}}` when absent, none when null.
    #[serde(deserialize_with = "present")]
    pub auth: Option<Option<String>>,
    /// A JSON body.
    #[serde(deserialize_with = "present")]
    pub json: Option<Value>,
    /// A body of several JSON texts, one a line.
    pub lines: Option<Vec<Value>>,
    /// A body that is sent as it is.
    pub text: Option<Value>,
    /// A body in hexadecimal digits.
    pub hex: Option<String>,
}

/// What is expected of an answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectedResponse {
    /// The HTTP status; 200 when absent.
    pub status: Option<u16>,
    /// Headers, by matchers.
    pub headers: Map<String, Value>,
    /// The body, which may have more members.
    pub body: Option<Value>,
    /// The body, which may not have more members.
    pub exact: Option<Value>,
    /// The body as text.
    pub text: Option<Value>,
}

/// What is expected of a frame.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFrame {
    /// The name of its event; a document when absent.
    #[serde(default)]
    pub event: Option<String>,
    /// Its data as JSON, which may have more members.
    pub data: Value,
    /// Its id, by matchers.
    #[serde(default)]
    pub id: Option<Value>,
    /// Names for parts of the data: JSON pointers; `id` is the id.
    #[serde(default)]
    pub save: Map<String, Value>,
}

/// Reads a member that is there, so that null differs from absent.
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
