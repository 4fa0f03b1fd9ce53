//! Values that a case writes short: names to be filled in, and long texts, lists and nests made on the spot.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::target::{Target, fresh_job};

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
            match self.value(name)? {
                Value::String(text) => filled.push_str(&text),
                other => filled.push_str(&other.to_string()),
            }
            rest = after;
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
        match value {
            Value::String(text) => match text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
                // A name alone keeps the type of what it stands for.
                Some(name) if !name.contains("{{") => self.value(name),
                _ => self.text(text).map(Value::from),
            },
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(members) => match self.made(members)? {
                Some(made) => Ok(made),
                None => {
                    let filled = members.iter().map(|(name, member)| Ok((self.text(name)?, self.fill(member)?)));
                    filled.collect::<Result<Map<_, _>, String>>().map(Value::from)
                }
            },
            scalar => Ok(scalar.clone()),
        }
    }

    /// What an object with one member such as `$repeat` describes.
    fn made(&mut self, members: &Map<String, Value>) -> Result<Option<Value>, String> {
        let mut members_left = members.iter();
        let (Some((name, argument)), None) = (members_left.next(), members_left.next()) else { return Ok(None) };
        let part = |index: usize| argument.get(index).unwrap_or(&Value::Null);
        let count = |value: &Value| {
            value.as_u64().and_then(|count| usize::try_from(count).ok()).ok_or_else(|| format!("{name} wants a count"))
        };
        Ok(Some(match name.as_str() {
            "$repeat" => part(0).as_str().unwrap_or_default().repeat(count(part(1))?).into(),
            "$list" => {
                let item = |index: usize| {
                    self.save("#", index.into());
                    self.fill(part(0))
                };
                (0..count(part(1))?).map(item).collect::<Result<Value, String>>()?
            }
            "$object" => (0..count(argument)?).map(|key| (format!("k{key}"), Value::from(key))).collect(),
            "$nest" => (1..count(argument)?).fold(Value::Array(Vec::new()), |inner, _| vec![inner].into()),
            _ => return Ok(None),
        }))
    }
}
