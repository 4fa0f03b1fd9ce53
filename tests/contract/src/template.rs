//! Names in a case, to be filled in: credentials, fresh job ids, what was saved before.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::{
    made::{INDEX, expand},
    target::{Target, fresh_job},
};

/// What `{{name}}` stands for.
#[derive(Debug, Default)]
pub struct Names {
    known: HashMap<String, Value>,
}

impl Names {
    /// The credentials of the target; job ids are drawn when they are first named.
    pub fn new() -> Names {
        let target = Target::get();
        let known = [
            ("key", &target.key),
            ("key.read", &target.read_key),
            ("key.write", &target.write_key),
            ("key.other", &target.other_key),
            ("base", &target.base_url),
        ];
        Names { known: known.map(|(name, value)| (name.to_owned(), value.as_str().into())).into() }
    }

    /// Remembers what an answer held.
    pub fn save(&mut self, name: &str, value: Value) {
        self.known.insert(name.to_owned(), value);
    }

    /// The value of a name; a name that begins with `job` is a fresh job id at its first use.
    ///
    /// # Errors
    ///
    /// A sentence when nothing was saved under it.
    fn value(&mut self, name: &str) -> Result<Value, String> {
        if name.starts_with("job") {
            return Ok(self.known.entry(name.to_owned()).or_insert_with(|| fresh_job().into()).clone());
        }
        self.known.get(name).cloned().ok_or_else(|| format!("nothing is known of {{{{{name}}}}}"))
    }

    /// The text with every name filled in.
    ///
    /// # Errors
    ///
    /// A sentence when a name is unknown.
    pub fn text(&mut self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else { break };
            filled.push_str(before);
            rest = after;
            if name == "#" {
                // The index of an item, known when the list is made.
                filled.push_str(INDEX);
                continue;
            }
            match self.value(name)? {
                Value::String(text) => filled.push_str(&text),
                other => filled.push_str(&other.to_string()),
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// The value with every name filled in and everything made that it only describes.
    ///
    /// # Errors
    ///
    /// A sentence when a name is unknown.
    pub fn fill(&mut self, value: &Value) -> Result<Value, String> {
        self.named(value).and_then(|value| expand(&value))
    }

    fn named(&mut self, value: &Value) -> Result<Value, String> {
        match value {
            Value::String(text) => match text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
                // A name alone keeps the type of what it stands for.
                Some(name) if !name.contains("{{") && name != "#" => self.value(name),
                _ => self.text(text).map(Value::from),
            },
            Value::Array(items) => items.iter().map(|item| self.named(item)).collect(),
            Value::Object(members) => {
                let filled = members.iter().map(|(name, member)| Ok((self.text(name)?, self.named(member)?)));
                filled.collect::<Result<Map<_, _>, String>>().map(Value::from)
            }
            scalar => Ok(scalar.clone()),
        }
    }
}
