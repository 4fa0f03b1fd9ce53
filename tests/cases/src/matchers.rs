//! Compares an answer with what a case expects: subsets, and matchers for values that are not known beforehand.

use serde_json::{Map, Value};

/// Compares `actual`, the value at `place`, with what is expected of it.
///
/// An object may have more members than expected, a list may not have more items; numbers are compared as numbers.
/// `None` is a missing member.
///
/// # Errors
///
/// A sentence with the place and both values.
pub fn matches(expected: &Value, actual: Option<&Value>, place: &str) -> Result<(), String> {
    if let Some(matchers) = matchers(expected) {
        return matchers.iter().try_for_each(|(name, argument)| check_matcher(name, argument, actual, place));
    }
    let Some(actual) = actual else { return Err(format!("{place} is missing; expected {expected}")) };
    match (expected, actual) {
        (Value::Object(expected), Value::Object(members)) => expected
            .iter()
            .try_for_each(|(name, expected)| matches(expected, members.get(name), &format!("{place}.{name}"))),
        (Value::Array(expected), Value::Array(items)) => {
            if expected.len() != items.len() {
                return Err(format!("{place} has {} items; expected {}", items.len(), expected.len()));
            }
            let mut pairs = expected.iter().zip(items).enumerate();
            pairs.try_for_each(|(index, (expected, item))| matches(expected, Some(item), &format!("{place}[{index}]")))
        }
        _ => equal(expected, actual, place),
    }
}

/// Compares `actual` with `expected` member by member; neither may have more members. Matchers apply here too.
///
/// # Errors
///
/// As [`matches`].
pub fn exactly(expected: &Value, actual: &Value, place: &str) -> Result<(), String> {
    if matchers(expected).is_some() {
        return matches(expected, Some(actual), place);
    }
    match (expected, actual) {
        (Value::Object(wanted), Value::Object(members)) => {
            if let Some(more) = members.keys().find(|name| !wanted.contains_key(*name)) {
                return Err(format!("{place} has the unexpected member `{more}`"));
            }
            wanted.iter().try_for_each(|(name, wanted)| match members.get(name) {
                Some(member) => exactly(wanted, member, &format!("{place}.{name}")),
                None => matches(wanted, None, &format!("{place}.{name}")),
            })
        }
        (Value::Array(wanted), Value::Array(items)) if wanted.len() == items.len() => {
            let mut pairs = wanted.iter().zip(items).enumerate();
            pairs.try_for_each(|(index, (wanted, item))| exactly(wanted, item, &format!("{place}[{index}]")))
        }
        _ => equal(expected, actual, place),
    }
}

/// The matchers of an object; `None` unless the name of every member begins with `$`.
fn matchers(expected: &Value) -> Option<&Map<String, Value>> {
    expected.as_object().filter(|members| !members.is_empty() && members.keys().all(|name| name.starts_with('$')))
}

fn equal(expected: &Value, actual: &Value, place: &str) -> Result<(), String> {
    // 75 and 75.0 are one number; integers past 2^53 are not compared as floats.
    let same = match (expected.as_f64(), actual.as_f64()) {
        (Some(expected_float), Some(actual_float)) if expected.as_i64().is_none() || actual.as_i64().is_none() => {
            expected_float == actual_float
        }
        _ => expected == actual,
    };
    if same { Ok(()) } else { Err(format!("{place} is {}; expected {expected}", abbreviated(actual))) }
}

fn check_matcher(name: &str, argument: &Value, actual: Option<&Value>, place: &str) -> Result<(), String> {
    match (name, actual) {
        ("$absent", None) => return Ok(()),
        ("$absent", Some(value)) => return Err(format!("{place} is {}; expected no such member", abbreviated(value))),
        ("$oneOf", _) => {
            let one = |one: &Value| matches(one, actual, place).is_ok();
            let found = argument.as_array().is_some_and(|all| all.iter().any(one));
            return if found { Ok(()) } else { Err(format!("{place} is {actual:?}; expected one of {argument}")) };
        }
        _ => {}
    }
    let Some(actual) = actual else { return Err(format!("{place} is missing")) };
    let text = || actual.as_str().unwrap_or_default();
    let argument_text = argument.as_str().unwrap_or_default();
    let number = actual.as_f64();
    let holds = match name {
        "$any" => {
            is_of_kind(argument_text, actual).ok_or_else(|| format!("{place}: unknown kind `{argument_text}`"))?
        }
        "$exact" => return exactly(argument, actual, place),
        "$contains" => match actual {
            Value::Array(items) => items.iter().any(|item| matches(argument, Some(item), place).is_ok()),
            _ => !argument_text.is_empty() && text().contains(argument_text),
        },
        "$startsWith" => !argument_text.is_empty() && text().starts_with(argument_text),
        "$not" => matches(argument, Some(actual), place).is_err(),
        "$atLeast" => number.zip(argument.as_f64()).is_some_and(|(actual, least)| actual >= least),
        "$atMost" => number.zip(argument.as_f64()).is_some_and(|(actual, most)| actual <= most),
        "$length" => {
            let length = match actual {
                Value::Array(items) => items.len(),
                other => other.as_str().map_or(usize::MAX, |text| text.chars().count()),
            };
            return matches(argument, Some(&length.into()), &format!("the length of {place}"));
        }
        _ => return Err(format!("{place}: unknown matcher `{name}`")),
    };
    if holds { Ok(()) } else { Err(format!("{place} is {}; expected {name} {argument}", abbreviated(actual))) }
}

/// Whether `value` is of that kind; `None` for an unknown kind.
fn is_of_kind(kind: &str, value: &Value) -> Option<bool> {
    let text = value.as_str();
    Some(match kind {
        "value" => true,
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "time" => text.is_some_and(is_time),
        "epoch" => text.is_some_and(is_epoch),
        "cursor" => text.and_then(|text| text.split_once('.')).is_some_and(|(epoch, seq)| {
            is_epoch(epoch) && !seq.starts_with('0') && !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit())
        }),
        "jwt" => text.is_some_and(|text| {
            let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            text.split('.').count() == 3 && text.split('.').all(|part| !part.is_empty() && part.bytes().all(base64url))
        }),
        _ => return None,
    })
}

fn is_epoch(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

/// Whether `text` is `YYYY-MM-DDThh:mm:ss[.fff…]Z`.
fn is_time(text: &str) -> bool {
    let fits = |text: &str, form: &str| {
        text.len() == form.len()
            && text
                .bytes()
                .zip(form.bytes())
                .all(|(byte, form)| if form == b'0' { byte.is_ascii_digit() } else { byte == form })
    };
    let Some(utc) = text.strip_suffix('Z') else { return false };
    match utc.split_once('.') {
        Some((seconds, fraction)) => {
            fits(seconds, "0000-00-00T00:00:00")
                && !fraction.is_empty()
                && fraction.bytes().all(|byte| byte.is_ascii_digit())
        }
        None => fits(utc, "0000-00-00T00:00:00"),
    }
}

fn abbreviated(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 300 { format!("{}…", text.chars().take(300).collect::<String>()) } else { text }
}
