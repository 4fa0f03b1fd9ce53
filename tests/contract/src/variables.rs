//! Variables of a case, `{{name}}`: credentials, fresh job ids, values saved from earlier answers.

use std::collections::HashMap;

use cases::generators::{INDEX, expand};
use serde_json::{Map, Value};

use crate::target::{Target, fresh_job};

/// The values of `{{name}}`.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    values: HashMap<String, Value>,
}

impl Variables {
    /// The credentials of the target; a job id is drawn when its name is first used.
    pub fn new() -> Variables {
        let target = Target::get();
        let values = [
            ("key", &target.key),
            ("key.read", &target.read_key),
            ("key.write", &target.write_key),
            ("key.other", &target.other_key),
            ("base", &target.base_url),
        ];
        Variables { values: values.map(|(name, value)| (name.to_owned(), value.as_str().into())).into() }
    }

    /// Sets a variable.
    pub fn save(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// The value of a variable; a name that begins with `job` is a fresh job id at its first use.
    fn value(&mut self, name: &str) -> Result<Value, String> {
        if name.starts_with("job") {
            return Ok(self.values.entry(name.to_owned()).or_insert_with(|| fresh_job().into()).clone());
        }
        self.values.get(name).cloned().ok_or_else(|| format!("unknown variable {{{{{name}}}}}"))
    }

    /// The text with every variable replaced by its value.
    ///
    /// # Errors
    ///
    /// The name of an unknown variable.
    pub fn fill_text(&mut self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else { break };
            filled.push_str(before);
            rest = after;
            if name == "#" {
                // The index of an item, known only when the list is generated.
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

    /// The value with every variable replaced by its value and every generator by what it generates.
    ///
    /// # Errors
    ///
    /// The name of an unknown variable, or the generator without a count.
    pub fn fill(&mut self, value: &Value) -> Result<Value, String> {
        self.replace(value).and_then(|value| expand(&value))
    }

    fn replace(&mut self, value: &Value) -> Result<Value, String> {
        match value {
            Value::String(text) => match text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
                // A text that is one variable and nothing else keeps the type of the value.
                Some(name) if !name.contains("{{") && name != "#" => self.value(name),
                _ => self.fill_text(text).map(Value::from),
            },
            Value::Array(items) => items.iter().map(|item| self.replace(item)).collect(),
            Value::Object(members) => {
                let filled = members.iter().map(|(name, member)| Ok((self.fill_text(name)?, self.replace(member)?)));
                filled.collect::<Result<Map<_, _>, String>>().map(Value::from)
            }
            scalar => Ok(scalar.clone()),
        }
    }
}
