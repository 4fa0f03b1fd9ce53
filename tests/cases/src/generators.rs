//! Values that a case describes instead of writing them out: long texts, long lists, wide objects, deep nesting.

use serde_json::{Map, Value};

/// The placeholder for the index of an item in the items of a `$list`.
pub const INDEX: &str = "{{#}}";

/// Replaces every description such as `{"$repeat": ["x", 4096]}` by the value it describes.
///
/// # Errors
///
/// The description that has no count.
pub fn expand(value: &Value) -> Result<Value, String> {
    match value {
        Value::Array(items) => items.iter().map(expand).collect(),
        Value::Object(members) => match generate(members)? {
            Some(generated) => Ok(generated),
            None => {
                let expanded = members.iter().map(|(name, member)| Ok((name.clone(), expand(member)?)));
                expanded.collect::<Result<Map<_, _>, String>>().map(Value::from)
            }
        },
        scalar => Ok(scalar.clone()),
    }
}

/// The value that an object with one member such as `$repeat` describes; `None` for any other object.
fn generate(members: &Map<String, Value>) -> Result<Option<Value>, String> {
    let mut members = members.iter();
    let (Some((name, argument)), None) = (members.next(), members.next()) else { return Ok(None) };
    let part = |index: usize| argument.get(index).unwrap_or(&Value::Null);
    let count = |value: &Value| {
        value.as_u64().and_then(|count| usize::try_from(count).ok()).ok_or_else(|| format!("{name} needs a count"))
    };
    Ok(Some(match name.as_str() {
        "$repeat" => part(0).as_str().unwrap_or_default().repeat(count(part(1))?).into(),
        "$join" => {
            let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
            let texts: Result<Vec<Value>, String> = parts.iter().map(expand).collect();
            texts?.iter().filter_map(Value::as_str).collect::<String>().into()
        }
        "$list" => {
            let item = part(0).to_string();
            let numbered = |index: usize| serde_json::from_str::<Value>(&item.replace(INDEX, &index.to_string()));
            let items: Result<Value, _> = (0..count(part(1))?).map(numbered).collect();
            items.map_err(|error| error.to_string()).and_then(|items| expand(&items))?
        }
        "$object" => (0..count(argument)?).map(|key| (format!("k{key}"), Value::from(key))).collect(),
        "$nest" => (1..count(argument)?).fold(Value::Array(Vec::new()), |inner, _| vec![inner].into()),
        _ => return Ok(None),
    }))
}
