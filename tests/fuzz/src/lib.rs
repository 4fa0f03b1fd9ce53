//! JSON that a fuzzer generates: any value at any place, so that the fuzzer need not find the grammar by chance.

use arbitrary::Arbitrary;
use serde_json::{Map, Value};

/// A JSON value of any shape.
#[derive(Arbitrary, Clone, Debug)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer, also a negative one.
    Integer(i64),
    /// An integer of at least 0, also one above 2^63.
    Natural(u64),
    /// A number with a fraction. One that is not finite becomes `null`.
    Float(f64),
    /// Any text.
    Text(String),
    /// A word that the API knows. Random texts never contain one.
    Word(u8),
    /// A list.
    List(Vec<Json>),
    /// An object. Of two members with the same name the later one stays.
    Object(Vec<(String, Json)>),
    /// An object with members that the API knows.
    Known(Vec<(u8, Json)>),
}

/// Words and names of members with a meaning in the API.
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

/// The word with this number.
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
