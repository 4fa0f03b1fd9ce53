//! Reads the members of an untrusted JSON object into types. A member that no caller has taken is refused by name.

use serde_json::Value;

use crate::{
    document::Object,
    limits::NAME_BYTES,
    number::{MAX_SAFE_INTEGER, Number},
    patch::Patch,
    problem::Problem,
    time::{TimeError, Timestamp},
};

/// The members of an untrusted object that are not yet read. `path` is the path of the object in problems.
#[derive(Debug)]
pub struct Fields {
    path: String,
    /// In the order in which they were sent. They are few: a linear search costs less than hashing every possible name.
    members: Vec<(String, Value)>,
}

impl Fields {
    /// The members of `value`, whose path is `path` (empty for the body itself). In a member, `[]` is an object without
    /// members, because PHP writes an empty map so; as a body it is an empty list of reports.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if the value is not an object.
    pub fn of(value: Value, path: &str) -> Result<Fields, Problem> {
        match value {
            Value::Object(members) => Ok(Fields { path: path.to_owned(), members: members.into_iter().collect() }),
            Value::Array(items) if items.is_empty() && !path.is_empty() => {
                Ok(Fields { path: path.to_owned(), members: Vec::new() })
            }
            _ if path.is_empty() => Err(Problem::invalid("body", "must be a JSON object")),
            _ => Err(Problem::invalid(path, "must be an object")),
        }
    }

    /// The full path of a member.
    fn name(&self, member: &str) -> String {
        if self.path.is_empty() { member.to_owned() } else { format!("{}.{member}", self.path) }
    }

    /// Takes a member that `null` clears. `read` gets the value and the member's full path.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub fn patch<T>(
        &mut self,
        member: &str,
        read: impl FnOnce(Value, &str) -> Result<T, Problem>,
    ) -> Result<Patch<T>, Problem> {
        let Some(index) = self.members.iter().position(|(name, _)| name == member) else { return Ok(Patch::Keep) };
        match self.members.remove(index) {
            (_, Value::Null) => Ok(Patch::Clear),
            // In the body itself the name of a member is its full path.
            (name, value) if self.path.is_empty() => read(value, &name).map(Patch::Set),
            (_, value) => read(value, &self.name(member)).map(Patch::Set),
        }
    }

    /// Takes a member that may be absent. `null` counts as absent, because many libraries write it so.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub fn optional<T>(
        &mut self,
        member: &str,
        read: impl FnOnce(Value, &str) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        Ok(match self.patch(member, read)? {
            Patch::Keep | Patch::Clear => None,
            Patch::Set(value) => Some(value),
        })
    }

    /// Takes a member that may be absent but not `null`, because `null` would look like an attempt to clear a field.
    ///
    /// # Errors
    ///
    /// Those of `read`, and `INVALID_REQUEST` for `null`.
    pub fn never_null<T>(
        &mut self,
        member: &str,
        read: impl FnOnce(Value, &str) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        match self.patch(member, read)? {
            Patch::Keep => Ok(None),
            Patch::Set(value) => Ok(Some(value)),
            Patch::Clear => Err(Problem::invalid(&self.name(member), "must not be null; leave it out")),
        }
    }

    /// Takes a member that must be present.
    ///
    /// # Errors
    ///
    /// Those of `read`, and `INVALID_REQUEST` if the member is absent or `null`.
    pub fn required<T>(
        &mut self,
        member: &str,
        read: impl FnOnce(Value, &str) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        self.optional(member, read)?.ok_or_else(|| Problem::invalid(&self.name(member), "is required"))
    }

    /// Refuses the members that were not taken. `known` says what the object is, for the message: "a report".
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the first unknown member.
    pub fn finish(self, known: &str) -> Result<(), Problem> {
        match self.members.first() {
            None => Ok(()),
            Some((member, _)) => {
                Err(Problem::invalid(&self.name(member), format_args!("is not a field of {known}; leave it out")))
            }
        }
    }
}

/// The largest rounding error: 6 × 100/6 is 100.00000000000001 in floating point.
const ROUNDING: f64 = 1e-6;

/// Reads a finite number of at least 0. A number below 0 by a rounding error is 0. An integer that a double would change is
/// refused.
///
/// # Errors
///
/// `INVALID_REQUEST` for any other value.
pub fn number(value: Value, name: &str) -> Result<Number, Problem> {
    let number = value
        .as_f64()
        .filter(|number| *number >= -ROUNDING)
        .and_then(|number| Number::new(number.max(0.0)))
        .ok_or_else(|| Problem::invalid(name, "must be a number of at least 0"))?;
    if number.get() > MAX_SAFE_INTEGER as f64 && !is_exact(&value, number) {
        let inexact =
            format_args!("is an integer above {MAX_SAFE_INTEGER} that would be rounded; count in a larger unit");
        return Err(Problem::invalid(name, inexact).with("limit", MAX_SAFE_INTEGER));
    }
    Ok(number)
}

/// Whether `number` is exactly the value that was sent, or one that was sent as a decimal, which is an approximation.
fn is_exact(sent: &Value, number: Number) -> bool {
    let text = sent.to_string();
    !text.bytes().all(|byte| byte.is_ascii_digit()) || format!("{:.0}", number.get()) == text
}

/// Reads a number from 0 to 100 as a [percentage](Number::percentage). A number below 0 or above 100 by a rounding error is
/// 0 or 100.
///
/// # Errors
///
/// `INVALID_REQUEST` for any other value.
pub fn percent(value: Value, name: &str) -> Result<Number, Problem> {
    number(value, name)
        .ok()
        .filter(|number| number.get() <= 100.0 + ROUNDING)
        .and_then(|number| Number::percentage(number.get()))
        .ok_or_else(|| Problem::invalid(name, "must be a number from 0 to 100").with("limit", 100))
}

/// Reads an integer from 0 to 2^53 − 1. `7.0` is an integer, `7.5` is not.
///
/// # Errors
///
/// `INVALID_REQUEST` for any other value.
pub fn integer(value: Value, name: &str) -> Result<u64, Problem> {
    let integer = match value.as_u64() {
        Some(integer) => Some(integer),
        None => value
            .as_f64()
            .filter(|float| *float >= 0.0 && float.fract() == 0.0 && *float <= MAX_SAFE_INTEGER as f64)
            .map(|float| float as u64),
    };
    integer
        .filter(|integer| *integer <= MAX_SAFE_INTEGER)
        .ok_or_else(|| Problem::invalid(name, format_args!("must be an integer from 0 to {MAX_SAFE_INTEGER}")))
}

/// Reads a boolean.
///
/// # Errors
///
/// `INVALID_REQUEST` for any other value.
pub fn boolean(value: Value, name: &str) -> Result<bool, Problem> {
    value.as_bool().ok_or_else(|| Problem::invalid(name, "must be true or false"))
}

/// Reads a string of at most `limit` bytes of UTF-8.
///
/// # Errors
///
/// `INVALID_REQUEST` for any other value.
pub fn string(value: Value, name: &str, limit: usize) -> Result<String, Problem> {
    match value {
        Value::String(text) if text.len() <= limit => Ok(text),
        Value::String(_) => Err(Problem::past_limit(name, limit, "bytes of UTF-8")),
        _ => Err(Problem::invalid(name, "must be a string")),
    }
}

/// Reads a text of any length: the text of a field that is cut ([`Form::truncate`](crate::form::Form::truncate)).
///
/// # Errors
///
/// `INVALID_REQUEST` for any other value.
pub fn text(value: Value, name: &str) -> Result<String, Problem> {
    string(value, name, usize::MAX)
}

/// Reads a short text, at most [`NAME_BYTES`] long.
///
/// # Errors
///
/// `INVALID_REQUEST` for any other value.
pub fn short(value: Value, name: &str) -> Result<String, Problem> {
    string(value, name, NAME_BYTES)
}

/// Reads an RFC 3339 time.
///
/// # Errors
///
/// `INVALID_REQUEST` for any other value.
pub fn time(value: Value, name: &str) -> Result<Timestamp, Problem> {
    let time = value.as_str().ok_or(TimeError::Form).and_then(Timestamp::read);
    time.map_err(|error| Problem::invalid(name, error))
}

/// Reads one of the names of an enumeration.
///
/// # Errors
///
/// `INVALID_REQUEST` that lists the names.
pub fn word<T: Copy, const N: usize>(
    value: Value,
    name: &str,
    all: [T; N],
    as_str: fn(T) -> &'static str,
) -> Result<T, Problem> {
    let sent = value.as_str();
    all.into_iter().find(|item| sent == Some(as_str(*item))).ok_or_else(|| {
        let words = all.map(as_str).join(", ");
        Problem::invalid(name, format_args!("must be one of {words}"))
    })
}

/// Reads a free-form object. `[]` is an empty one: PHP writes an empty map so.
///
/// # Errors
///
/// `INVALID_REQUEST` for any other value.
pub fn object(value: Value, name: &str) -> Result<Object, Problem> {
    match value {
        Value::Object(object) => Ok(object),
        Value::Array(items) if items.is_empty() => Ok(Object::new()),
        _ => Err(Problem::invalid(name, "must be an object")),
    }
}

/// The position of the first item that equals an earlier one.
///
/// ```
/// assert_eq!(protocol::fields::first_repeated(&["a", "b", "a"], PartialEq::eq), Some(2));
/// ```
pub fn first_repeated<T>(items: &[T], is_same: impl Fn(&T, &T) -> bool) -> Option<usize> {
    items.iter().enumerate().position(|(index, item)| items.iter().take(index).any(|earlier| is_same(earlier, item)))
}

/// Reads an object whose members are strings.
///
/// # Errors
///
/// `INVALID_REQUEST` for any other value; it names the member that is not a string.
pub fn strings(value: Value, name: &str) -> Result<Object, Problem> {
    let object = object(value, name)?;
    match object.iter().find(|(_, value)| !value.is_string()) {
        None => Ok(object),
        Some((key, _)) => Err(Problem::invalid(&format!("{name}.{key}"), "must be a string")),
    }
}

/// Reads a list of at most `limit` items. `read` gets each item and its path.
///
/// # Errors
///
/// `INVALID_REQUEST` if the value is not a list or too long, and the errors of `read`.
pub fn list<T>(
    value: Value,
    name: &str,
    limit: usize,
    mut read: impl FnMut(Value, &str) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    match value {
        Value::Array(items) if items.len() > limit => Err(Problem::past_limit(name, limit, "items")),
        Value::Array(items) => {
            items.into_iter().enumerate().map(|(index, item)| read(item, &format!("{name}[{index}]"))).collect()
        }
        _ => Err(Problem::invalid(name, "must be a list")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read(text: &str) -> Result<String, Problem> {
        let value = json::parse(text.as_bytes()).unwrap();
        number(value, "current").map(|number| serde_json::to_string(&number).unwrap())
    }

    #[test]
    fn an_integer_comes_back_as_it_was_sent_or_is_refused() {
        for text in ["0", "9007199254740991", "9007199254740992", "9007199254740994", "18446744073709549568"] {
            assert_eq!(read(text).as_deref(), Ok(text));
        }
        for text in ["9007199254740993", "18446744073709551615", "123456789012345678901234567890"] {
            let problem = read(text).unwrap_err();
            assert_eq!(problem.details()["limit"], MAX_SAFE_INTEGER, "{text}");
            assert!(problem.message().starts_with("`current` "), "{}", problem.message());
        }
    }

    #[test]
    fn a_decimal_is_read_as_the_nearest_double() {
        for (text, expected) in [
            ("7.0", "7"),
            ("0.30000000000000004440892098500626", "0.30000000000000004"),
            ("9007199254740993.0", "9007199254740992"),
            ("1e300", "1e+300"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }
}
