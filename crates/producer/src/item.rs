//! An item: a report that waits or was sent.

use protocol::{Status, Timestamp, limits::LOG_LINE_BYTES, truncation::Truncations};
use serde_json::{Map, Value};

use crate::identity::Identity;

/// At least the bytes of `producer`, `order`, `attempt` and `logs` with a name of the longest allowed length.
const IDENTITY_BYTES: usize = 256;

/// The fields by which the server computes the progress, if a report has no `progress` itself.
const COUNTS: [&str; 4] = ["current", "total", "increment", "steps"];

/// A report that waits. It changes until it is put into a request.
#[derive(Debug, Default)]
pub(crate) struct Item {
    pub(crate) fields: Map<String, Value>,
    pub(crate) logs: Vec<Line>,
}

/// A log line as JSON, with its time.
#[derive(Debug)]
pub(crate) struct Line {
    json: String,
    /// Bytes of its text, which count towards the bound.
    pub(crate) bytes: usize,
}

impl Line {
    /// A line at the time of the call. A text over the limit is cut here, as the server would cut it, to bound the memory.
    pub(crate) fn new(mut message: String, level: Option<&str>, at: Timestamp) -> Line {
        Truncations::default().cut(&mut message, LOG_LINE_BYTES, String::new);
        let bytes = message.len();
        let mut line = Map::new();
        line.insert("at".to_owned(), at.to_string().into());
        if let Some(level) = level {
            line.insert("level".to_owned(), level.into());
        }
        line.insert("message".to_owned(), message.into());
        Line { json: Value::Object(line).to_string(), bytes }
    }

    /// A line of the field `logs`: a text, or an object that may have its own time.
    fn from_json(line: Value, at: Timestamp) -> Line {
        match line {
            Value::String(message) => Line::new(message, None, at),
            Value::Object(mut line) if line.get("at").is_none_or(Value::is_null) => {
                line.insert("at".to_owned(), at.to_string().into());
                Line::verbatim(&line.into())
            }
            other => Line::verbatim(&other),
        }
    }

    fn verbatim(line: &Value) -> Line {
        let json = line.to_string();
        Line { bytes: json.len(), json }
    }
}

impl Item {
    /// The item of one call at the time `at`.
    pub(crate) fn new(mut fields: Map<String, Value>, at: Timestamp) -> Item {
        let logs = match fields.shift_remove("logs") {
            Some(Value::Array(lines)) => lines.into_iter().map(|line| Line::from_json(line, at)).collect(),
            // The server refuses it and says why.
            Some(other) => {
                fields.insert("logs".to_owned(), other);
                Vec::new()
            }
            None => Vec::new(),
        };
        Item { fields, logs }
    }

    /// The state that the item enters.
    pub(crate) fn status(&self) -> Option<&str> {
        self.fields.get("status").and_then(Value::as_str)
    }

    /// Whether the item enters no state.
    pub(crate) fn is_plain(&self) -> bool {
        !self.fields.contains_key("status")
    }

    /// Whether the item ends the job.
    pub(crate) fn is_terminal(&self) -> bool {
        self.status().and_then(Status::parse).is_some_and(Status::is_terminal)
    }

    /// The item with its `status` alone, if it ends the job and has other fields.
    pub(crate) fn bare_end(&self) -> Option<Item> {
        let status = self.fields.get("status").filter(|_| self.is_terminal() && self.fields.len() > 1)?;
        let fields = Map::from_iter([("status".to_owned(), status.clone())]);
        Some(Item { fields, logs: Vec::new() })
    }

    pub(crate) fn has_progress(&self) -> bool {
        self.fields.contains_key("progress")
    }

    /// Whether the fields of `call` can be merged into this item, so that the job is the same as after both.
    pub(crate) fn admits(&self, call: &Item) -> bool {
        let same_state = call.is_plain() || call.fields.get("status") == self.fields.get("status");
        // With `progress` and counts in one report, the fold would take `progress`.
        let decides_progress = !call.has_progress() && COUNTS.iter().any(|count| call.fields.contains_key(*count));
        same_state && !self.is_terminal() && !(self.has_progress() && decides_progress)
    }

    /// Merges a later item: its fields replace those of the same name, its log lines follow.
    pub(crate) fn merge(&mut self, later: Item) {
        for (name, value) in later.fields {
            match name.as_str() {
                "increment" => self.add(value),
                // A report has either of the two, and a later `current` already contains what was added before.
                "current" => {
                    self.fields.shift_remove("increment");
                    self.fields.insert(name, value);
                }
                _ => {
                    self.fields.insert(name, value);
                }
            }
        }
        self.logs.extend(later.logs);
    }

    /// Adds an `increment` to the `current` or the `increment` that the item has.
    fn add(&mut self, increment: Value) {
        let name = if self.fields.contains_key("current") { "current" } else { "increment" };
        let sum = match self.fields.get(name) {
            Some(former) => sum(former, &increment),
            None => increment,
        };
        self.fields.insert(name.to_owned(), sum);
    }

    /// About how many bytes the item has as JSON.
    pub(crate) fn json_bytes(&self) -> usize {
        let fields = serde_json::to_string(&self.fields).map_or(0, |json| json.len());
        let lines = self.logs.iter().map(|line| line.json.len().saturating_add(1));
        lines.fold(fields.saturating_add(IDENTITY_BYTES), usize::saturating_add)
    }

    /// The number of log lines from the first one that fit into `bytes`.
    pub(crate) fn fitting_lines(&self, bytes: usize) -> usize {
        let mut left = bytes.saturating_sub(IDENTITY_BYTES);
        let fits = |line: &&Line| match left.checked_sub(line.json.len().saturating_add(1)) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        self.logs.iter().take_while(fits).count()
    }

    /// Takes the first log lines out of the item, as an item of their own that comes before it.
    pub(crate) fn split_lines(&mut self, lines: usize) -> Item {
        let rest = self.logs.split_off(lines.min(self.logs.len()));
        Item { fields: Map::new(), logs: std::mem::replace(&mut self.logs, rest) }
    }

    /// The item as JSON, with its identity.
    pub(crate) fn into_json(mut self, identity: &mut Identity) -> String {
        identity.stamp(&mut self.fields);
        let mut json = Value::Object(self.fields).to_string();
        if !self.logs.is_empty() {
            // The fields are never empty: they contain `order`.
            json.pop();
            json.push_str(",\"logs\":[");
            for (index, line) in self.logs.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                json.push_str(&line.json);
            }
            json.push_str("]}");
        }
        json
    }
}

/// The sum of two numbers, an integer if both are; `null`, the count that is not known, counts as 0.
fn sum(former: &Value, increment: &Value) -> Value {
    match (former.as_u64(), increment.as_u64()) {
        (Some(former), Some(increment)) if former.checked_add(increment).is_some() => {
            former.saturating_add(increment).into()
        }
        _ => (former.as_f64().unwrap_or(0.0) + increment.as_f64().unwrap_or(0.0)).into(),
    }
}
