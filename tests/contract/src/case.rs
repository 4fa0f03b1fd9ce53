//! Cases as they stand in `tests/cases`, read strictly: a misspelt member is an error, never a case that checks nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File<C> {
    /// What the cases have in common.
    pub about: String,
    /// The cases, each a behaviour.
    pub cases: Vec<C>,
}

/// A behaviour of the HTTP API, streams among it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name for programs, unique among all cases.
    pub id: String,
    /// The promise it tests.
    pub name: String,
    /// The line of a source API that asks for it.
    #[serde(default)]
    pub source: Option<String>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// Reports, and the document they make.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldCase {
    /// Its name for programs, unique among all cases.
    pub id: String,
    /// The promise it tests.
    pub name: String,
    /// The line of a source API that asks for it.
    #[serde(default)]
    pub source: Option<String>,
    /// What is sent, in order, each by itself; the first one makes the job.
    pub reports: Vec<Value>,
    /// What is expected of each answer; where it says nothing, that the report is accepted.
    #[serde(default)]
    pub answers: Vec<Value>,
    /// What is expected of the document afterwards.
    pub expect: Value,
}

/// One thing that is done in a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is sent.
    #[serde(default)]
    pub request: Option<Ask>,
    /// What is expected of the answer.
    #[serde(default)]
    pub expect: Option<Expect>,
    /// Names for parts of the answer: a JSON pointer into the body, or `header:name`.
    #[serde(default)]
    pub save: Map<String, Value>,
    /// The stream that this step opens or reads.
    #[serde(default)]
    pub stream: Option<String>,
    /// Frames that come next.
    #[serde(default)]
    pub frames: Vec<Frame>,
    /// That the server closes the stream now.
    #[serde(default)]
    pub closed: bool,
}

/// A request of a case.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// The method; `GET` without a body and `POST` with one when absent.
    pub method: Option<String>,
    /// Path and query.
    pub path: Option<String>,
    /// Headers.
    pub headers: Map<String, Value>,
    /// The credential, `{{key}}` when absent, none when null.
    #[serde(deserialize_with = "said")]
    pub auth: Option<Option<String>>,
    /// A JSON body.
    #[serde(deserialize_with = "said")]
    pub json: Option<Value>,
    /// A body of several JSON texts, one a line.
    pub lines: Option<Vec<Value>>,
    /// A body as it stands.
    pub text: Option<Value>,
    /// A body in hexadecimal digits.
    pub hex: Option<String>,
}

/// What is expected of an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// The HTTP status; 200 when absent.
    pub status: Option<u16>,
    /// Headers, by matchers.
    pub headers: Map<String, Value>,
    /// The body, which may hold more.
    pub body: Option<Value>,
    /// The body, which may hold no more.
    pub exact: Option<Value>,
    /// The body as text.
    pub text: Option<Value>,
}

/// What is expected of a frame.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Its name; a document when absent.
    #[serde(default)]
    pub event: Option<String>,
    /// Its data as JSON, which may hold more.
    pub data: Value,
    /// Its id, by matchers.
    #[serde(default)]
    pub id: Option<Value>,
    /// Names for parts of the data: JSON pointers; `id` is the id.
    #[serde(default)]
    pub save: Map<String, Value>,
}

/// Tells null from absent.
fn said<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The files of `tests/cases/<folder>`, by name.
///
/// # Panics
///
/// When there is none, or one that cannot be read.
pub fn files<F: DeserializeOwned>(folder: &str) -> Vec<(PathBuf, F)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases").join(folder);
    let list = match fs::read_dir(&folder) {
        Ok(list) => list,
        Err(error) => panic!("{}: {error}", folder.display()),
    };
    let mut paths: Vec<_> = list
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} holds no case", folder.display());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).map_err(|error| error.to_string());
        match text.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string())) {
            Ok(file) => (path, file),
            Err(error) => panic!("{}: {error}", path.display()),
        }
    };
    paths.into_iter().map(read).collect()
}
