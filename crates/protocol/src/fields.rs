//! The members of a stranger's JSON object, taken out one by one into types; what is left over is refused by name.

use serde_json::Value;

use crate::{
    document::Object,
    limits::{MESSAGE_BYTES, NAME_BYTES},
    number::{MAX_SAFE_INTEGER, Number},
    patch::Patch,
    problem::Problem,
    time::Timestamp,
};

/// A stranger's object on its way into types; `path` names it in problems.
#[derive(Debug)]
pub struct Fields {
    path: String,
    /// In the order they were sent. They are few: to look through them costs less than to hash every name there may be.
    members: Vec<(String, Value)>,
}

impl Fields {
    /// The members of `value`, which stands at `path` (empty for the body itself).
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` when it is no object.
    pub fn of(value: Value, path: &str) -> Result<Fields, Problem> {
        match value {
            Value::Object(members) => Ok(Fields { path: path.to_owned(), members: members.into_iter().collect() }),
            _ if path.is_empty() => Err(Problem::invalid("body", "must be a JSON object")),
            _ => Err(Problem::invalid(path, "must be an object")),
        }
    }

    /// The name of a member as problems call it.
    fn name(&self, member: &str) -> String {
        if self.path.is_empty() { member.to_owned() } else { format!("{}.{member}", self.path) }
    }

    /// What the object says of `member`, read by `read`, which is given the member's full name.
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
            // At the top a member's name is all its path.
            (name, value) if self.path.is_empty() => read(value, &name).map(Patch::Set),
            (_, value) => read(value, &self.name(member)).map(Patch::Set),
        }
    }

    /// A member that may be absent; null is what many libraries write for that.
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

    /// A member that may be absent but not null, where null would be taken for the clearing of something.
    ///
    /// # Errors
    ///
    /// Those of `read`, and `INVALID_REQUEST` for null.
    pub fn never_null<T>(
        &mut self,
        member: &str,
        read: impl FnOnce(Value, &str) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        match self.patch(member, read)? {
            Patch::Keep => Ok(None),
            Patch::Set(value) => Ok(Some(value)),
            Patch::Clear => Err(Problem::invalid(&self.name(member), "may not be null; leave it out")),
        }
    }

    /// A member that must be there.
    ///
    /// # Errors
    ///
    /// Those of `read`, and `INVALID_REQUEST` when it is absent or null.
    pub fn required<T>(
        &mut self,
        member: &str,
        read: impl FnOnce(Value, &str) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        self.optional(member, read)?.ok_or_else(|| Problem::invalid(&self.name(member), "is required"))
    }

    /// Whether the object has that member.
    pub fn has(&self, member: &str) -> bool {
        self.members.iter().any(|(name, _)| name == member)
    }

    /// Refuses what nobody took out.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` that names the first leftover.
    pub fn finish(self, known: &str) -> Result<(), Problem> {
        match self.members.first() {
            None => Ok(()),
            Some((member, _)) => {
                Err(Problem::invalid(&self.name(member), format_args!("is not a field of {known}; leave it out")))
            }
        }
    }
}

/// A finite number of at least 0.
///
/// # Errors
///
/// `INVALID_REQUEST` for anything else; likewise for every reader below.
pub fn number(value: Value, name: &str) -> Result<Number, Problem> {
    value
        .as_f64()
        .and_then(Number::new)
        .filter(|number| number.get() >= 0.0)
        .ok_or_else(|| Problem::invalid(name, "must be a number of at least 0"))
}

/// A number between 0 and 100.
///
/// # Errors
///
/// `INVALID_REQUEST` for anything else.
pub fn percent(value: Value, name: &str) -> Result<Number, Problem> {
    number(value, name)
        .ok()
        .filter(|number| number.get() <= 100.0)
        .ok_or_else(|| Problem::invalid(name, "must be a number from 0 to 100").with("limit", 100))
}

/// An integer between 0 and 2^53 − 1; `7.0` is one, `7.5` is not.
///
/// # Errors
///
/// `INVALID_REQUEST` for anything else.
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

/// True or false.
///
/// # Errors
///
/// `INVALID_REQUEST` for anything else.
pub fn boolean(value: Value, name: &str) -> Result<bool, Problem> {
    value.as_bool().ok_or_else(|| Problem::invalid(name, "must be true or false"))
}

/// A string of at most `limit` bytes.
///
/// # Errors
///
/// `INVALID_REQUEST` for anything else.
pub fn string(value: Value, name: &str, limit: usize) -> Result<String, Problem> {
    match value {
        Value::String(text) if text.len() <= limit => Ok(text),
        Value::String(_) => Err(Problem::past_limit(name, limit, "bytes of UTF-8")),
        _ => Err(Problem::invalid(name, "must be a string")),
    }
}

/// A line for people.
///
/// # Errors
///
/// `INVALID_REQUEST` when it is no string or longer than [`MESSAGE_BYTES`].
pub fn message(value: Value, name: &str) -> Result<String, Problem> {
    string(value, name, MESSAGE_BYTES)
}

/// A short name.
///
/// # Errors
///
/// `INVALID_REQUEST` when it is no string or longer than [`NAME_BYTES`].
pub fn short(value: Value, name: &str) -> Result<String, Problem> {
    string(value, name, NAME_BYTES)
}

/// An RFC 3339 time.
///
/// # Errors
///
/// `INVALID_REQUEST` for anything else.
pub fn time(value: Value, name: &str) -> Result<Timestamp, Problem> {
    value
        .as_str()
        .and_then(Timestamp::parse)
        .ok_or_else(|| Problem::invalid(name, "must be an RFC 3339 time such as 2024-01-15T14:30:00Z"))
}

/// One word of a closed list.
///
/// # Errors
///
/// `INVALID_REQUEST` that names the list.
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

/// A free-form object.
///
/// # Errors
///
/// `INVALID_REQUEST` for anything else.
pub fn object(value: Value, name: &str) -> Result<Object, Problem> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Problem::invalid(name, "must be an object")),
    }
}

/// An object of strings.
///
/// # Errors
///
/// `INVALID_REQUEST` that names the member that is none.
pub fn strings(value: Value, name: &str) -> Result<Object, Problem> {
    let object = object(value, name)?;
    match object.iter().find(|(_, value)| !value.is_string()) {
        None => Ok(object),
        Some((key, _)) => Err(Problem::invalid(&format!("{name}.{key}"), "must be a string, as all attributes")),
    }
}

/// A list of at most `limit` items, each read by `read` under its own name.
///
/// # Errors
///
/// `INVALID_REQUEST` when it is no list or too long, and those of `read`.
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
