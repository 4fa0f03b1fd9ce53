//! JSON that a fuzzer draws: any value, at any place, so that it need not find the grammar by chance.

use arbitrary::Arbitrary;
use serde_json::{Map, Value};

/// A JSON value of any shape.
#[derive(Arbitrary, Clone, Debug)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number below zero, too.
    Integer(i64),
    /// A number past 2^63, too.
    Natural(u64),
    /// A number with a fraction; what is not finite becomes `null`.
    Float(f64),
    /// Any text.
    Text(String),
    /// A word the API knows, which a random text never is.
    Word(u8),
    /// A list.
    List(Vec<Json>),
    /// An object; of two members with one name the later stays.
    Object(Vec<(String, Json)>),
    /// An object of members the API knows.
    Known(Vec<(u8, Json)>),
}

/// Words and names of members that something depends on.
const WORDS: [&str; 32] = [
    "queued",
    "initializing",
    "running",
    "paused",
    "completed",
    "failed",
    "cancelled",
    "timeout",
    "uploading",
    "pending",
    "skipped",
    "2026-11-22T05:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "jobs:read",
    "jobs:write",
    "jobs:control",
    "jobs:admin",
    "job-progress",
    "HS256",
    "none",
    "JWT",
    "acme",
    "import-42",
    "id",
    "label",
    "status",
    "progress",
    "weight",
    "message",
    "code",
    "rate",
    "until",
];

/// The word of that number.
pub fn word(number: u8) -> &'static str {
    WORDS[usize::from(number) % WORDS.len()]
}

impl From<Json> for Value {
    fn from(json: Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => value.into(),
            Json::Integer(value) => value.into(),
            Json::Natural(value) => value.into(),
            Json::Float(value) => value.into(),
            Json::Text(text) => text.into(),
            Json::Word(number) => word(number).into(),
            Json::List(items) => items.into_iter().map(Value::from).collect(),
            Json::Object(members) => {
                members.into_iter().map(|(name, value)| (name, value.into())).collect::<Map<_, _>>().into()
            }
            Json::Known(members) => {
                let members = members.into_iter().map(|(name, value)| (word(name).to_owned(), value.into()));
                members.collect::<Map<_, _>>().into()
            }
        }
    }
}
