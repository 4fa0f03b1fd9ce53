//! Cases of the producers of client libraries.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A case of a producer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProducerCase {
    /// Its id, unique among all cases.
    pub id: String,
    /// The promise it tests.
    pub name: String,
    /// How the producer is made.
    #[serde(default)]
    pub options: ProducerOptions,
    /// What happens, in order.
    pub steps: Vec<ProducerStep>,
}

/// How the producer of a case is made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProducerOptions {
    /// Whether it may create the job.
    pub create: bool,
    /// Whether its first report replaces a job that has ended.
    pub replace: bool,
    /// The parent of a job that it creates.
    #[serde(rename = "parentId")]
    pub parent: Option<String>,
    /// The least seconds between two requests with progress only.
    pub interval: f64,
    /// Its name.
    pub producer: Option<String>,
    /// The control requests that it honours.
    pub controls: Option<Vec<String>>,
}

impl Default for ProducerOptions {
    fn default() -> Self {
        Self { create: true, replace: false, parent: None, interval: 0.0, producer: None, controls: None }
    }
}

/// One step of a case: exactly one of its members `call`, `request`, `answer`, `cut`, `expect` and `flush` is present.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProducerStep {
    /// The application calls the producer.
    pub call: Option<Call>,
    /// The fields that it reports.
    pub fields: Map<String, Value>,
    /// The line that it logs, in which `{{#}}` is the index.
    pub line: Option<String>,
    /// The level of the line.
    pub level: Option<String>,
    /// How many lines it logs; 1 when absent.
    pub times: Option<usize>,
    /// The producer makes a request, which is held.
    pub request: Option<ExpectedRequest>,
    /// The server answers the request that is held.
    pub answer: Option<ScriptedAnswer>,
    /// The server closes the connection of the request that is held.
    pub cut: bool,
    /// What the application sees.
    pub expect: Option<ExpectedProducer>,
    /// The application waits for everything to be delivered, which succeeds or not.
    pub flush: Option<bool>,
}

/// A call of the application.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Call {
    /// A report.
    Report,
    /// A log line.
    Log,
}

/// What is expected of a request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectedRequest {
    /// The method; `POST` when absent.
    pub method: Option<String>,
    /// Path and query; any query of the reports when absent.
    pub path: Option<String>,
    /// Headers, by matchers.
    pub headers: Map<String, Value>,
    /// The reports of the body, by matchers.
    pub reports: Option<Vec<Value>>,
    /// The least seconds since the former answer.
    pub after: Option<f64>,
    /// The most seconds since the former answer.
    pub within: Option<f64>,
}

/// An answer of the scripted server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScriptedAnswer {
    /// The HTTP status; 200 when absent.
    pub status: Option<u16>,
    /// Headers.
    pub headers: Map<String, Value>,
    /// The body, or what it has besides the members of an answer that accepts every report.
    #[serde(deserialize_with = "present")]
    pub json: Option<Value>,
    /// The body as text.
    pub text: Option<String>,
}

/// What the application sees of a producer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct ExpectedProducer {
    /// Whether it sends nothing more.
    pub ended: Option<bool>,
    /// The code of its last problem; null is none.
    #[serde(deserialize_with = "present")]
    pub problem: Option<Option<String>>,
    /// Whether a cancellation is pending.
    pub cancel_requested: Option<bool>,
    /// Whether a pause is pending.
    pub pause_requested: Option<bool>,
    /// The control requests of which the application was notified.
    pub controls: Option<Vec<String>>,
}

/// Reads a member that is there, so that null differs from absent.
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
