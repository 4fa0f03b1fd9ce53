//! Variables that take their value from what they are compared with: `{{producer}}` in an expected request.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// The values of `{{name}}`. A name that has none takes the value that it is first compared with.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    values: HashMap<String, Value>,
}

impl Bindings {
    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// The text with every known variable in it replaced by its value.
    pub fn fill_text(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, (name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.replace(&format!("{{{{{name}}}}}"), &value)
        })
    }

    /// What is expected of `actual`, with every variable replaced by its value. A new variable takes the value of `actual`
    /// at the same place.
    #[must_use]
    pub fn resolve(&mut self, expected: &Value, actual: Option<&Value>) -> Value {
        match expected {
            Value::String(text) => match text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
                Some(name) => match (self.values.get(name), actual) {
                    (Some(value), _) => value.clone(),
                    (None, Some(actual)) => {
                        self.values.insert(name.to_owned(), actual.clone());
                        actual.clone()
                    }
                    (None, None) => expected.clone(),
                },
                None => Value::String(self.fill_text(text)),
            },
            Value::Array(items) => {
                let resolve = |(index, item)| self.resolve(item, actual.and_then(|actual| actual.get(index)));
                items.iter().enumerate().map(resolve).collect()
            }
            Value::Object(members) => {
                let resolve = |(name, member): (&String, &Value)| {
                    let place = if name == "$exact" { actual } else { actual.and_then(|actual| actual.get(name)) };
                    (name.clone(), self.resolve(member, place))
                };
                members.iter().map(resolve).collect::<Map<_, _>>().into()
            }
            scalar => scalar.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_variable_takes_its_first_value_and_keeps_it() {
        let mut bindings = Bindings::default();
        let first = bindings.resolve(&json!([{"$exact": {"producer": "{{p}}"}}]), Some(&json!([{"producer": "a"}])));
        assert_eq!(first, json!([{"$exact": {"producer": "a"}}]));
        assert_eq!(
            bindings.resolve(&json!({"producer": "{{p}}"}), Some(&json!({"producer": "b"}))),
            json!({"producer": "a"})
        );
        assert_eq!(bindings.fill_text("/jobs/{{p}}"), "/jobs/a");
    }
}
