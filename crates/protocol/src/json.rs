//! The parser for untrusted JSON, which refuses duplicate keys, deep nesting, wide objects and too many values.
//!
//! Every body of a request is parsed with it, in the Durable Object or, where the edge has to look into the body, there.
//!
//! RFC 8259 leaves the meaning of duplicate keys to the reader. Two readers that keep different values see different jobs,
//! so duplicate keys are refused. `serde_json` itself limits the recursion to 128 levels.

mod foreign_words;
mod lone_surrogates;
mod number_text;
mod strict;
#[cfg(test)]
mod tests;

use std::{
    cell::{Cell, RefCell},
    fmt::Write as _,
};

use serde::de::DeserializeSeed as _;
use serde_json::Value;

use self::strict::Strict;

use crate::{
    json_mistake,
    limits::{JOBS, JSON_VALUES, REPORTS, REPORTS_VALUES},
    problem::{Code, Problem},
};

/// Parses one JSON text.
///
/// # Errors
///
/// `INVALID_REQUEST` with the place of the syntax error, with the path of the member that is duplicate, too deep or too
/// wide, or with the number of values or reports that a body may have. In a list, which is a list of reports, the path is relative to the item, and `index` is the item's position.
///
/// ```
/// use protocol::json;
/// assert!(json::parse(br#"{"current": 45}"#).is_ok());
/// assert!(json::parse(br#"{"current": 45, "current": 46}"#).unwrap_err().message().contains("current"));
/// ```
pub fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    check_utf8(bytes)?;
    Ok(parse_text(bytes, &Bounds::REPORTS)?.value)
}

/// Parses one of several texts, such as a line of NDJSON, that have at most `values_left` values together.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn parse_next(bytes: &[u8], values_left: &mut usize) -> Result<Value, Problem> {
    check_utf8(bytes)?;
    let values = JSON_VALUES.min(*values_left);
    let parsed = parse_text(bytes, &Bounds { values, list_values: values, ..Bounds::REPORTS })?;
    *values_left = values_left.saturating_sub(parsed.values);
    Ok(parsed.value)
}

/// Parses the body of a request. A byte order mark at its start is skipped, as RFC 8259, section 8.1, allows: editors and
/// PowerShell write it.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_body(body: &[u8]) -> Result<Value, Problem> {
    check_utf8(body)?;
    Ok(parse_text(without_byte_order_mark(body), &Bounds::REPORTS)?.value)
}

/// Parses the body of a request that is not a report, in which no list has more than [`JOBS`] items. The parser stops at the
/// first item past the limit.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_request(body: &[u8]) -> Result<Value, Problem> {
    check_utf8(body)?;
    Ok(parse_text(without_byte_order_mark(body), &Bounds::REQUEST)?.value)
}

/// What a text may have.
struct Bounds {
    /// The number of values, if the text is not a list.
    values: usize,
    /// The number of values, if it is a list.
    list_values: usize,
    /// The number of items, if it is a list.
    reports: usize,
    /// The number of items of every other list.
    items: usize,
}

impl Bounds {
    /// A report, or a list of reports.
    const REPORTS: Bounds =
        Bounds { values: JSON_VALUES, list_values: REPORTS_VALUES, reports: REPORTS, items: usize::MAX };
    /// The body of any other request.
    const REQUEST: Bounds = Bounds { values: JSON_VALUES, list_values: JSON_VALUES, reports: JOBS, items: JOBS };
}

/// A value, and the number of values in it, itself included.
struct Parsed {
    value: Value,
    values: usize,
}

/// The text without the byte order mark at its start.
pub(crate) fn without_byte_order_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

fn check_utf8(bytes: &[u8]) -> Result<(), Problem> {
    std::str::from_utf8(bytes).map(drop).map_err(|error| {
        let offset = error.valid_up_to();
        Problem::invalid("body", format_args!("is not UTF-8 at byte {offset}")).with("offset", offset)
    })
}

fn parse_text(bytes: &[u8], bounds: &Bounds) -> Result<Parsed, Problem> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::invalid("body", "is empty; send a JSON text"));
    }
    read(bytes, bounds).or_else(|failure| match failure {
        Failure::Refused(problem) => Err(problem),
        // Lone surrogates are rare: they are looked for only in a text that was not read.
        Failure::Malformed(problem) => match lone_surrogates::replace(bytes) {
            None => Err(problem),
            Some(replaced) => read(&replaced, bounds).map_err(Failure::into_problem),
        },
    })
}

/// Why a text was not read.
enum Failure {
    /// It is JSON that a limit or a rule refuses.
    Refused(Problem),
    /// It is not JSON.
    Malformed(Problem),
}

impl Failure {
    fn into_problem(self) -> Problem {
        match self {
            Failure::Refused(problem) | Failure::Malformed(problem) => problem,
        }
    }
}

fn read(bytes: &[u8], bounds: &Bounds) -> Result<Parsed, Failure> {
    let state =
        State { bounds, fault: RefCell::new(None), values: Cell::new(0), most_values: Cell::new(bounds.values) };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = Strict::new(&state).deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    let read = read.map(|value| Parsed { value, values: state.values.get() });
    read.map_err(|error| {
        let malformed = || {
            let hint = json_mistake::hint(bytes, error.line(), error.column());
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            Problem::new(Code::InvalidRequest, format!("`body` is not JSON: {error}{hint}")).with("field", "body")
        };
        match (state.fault.take(), foreign_words::find(bytes, error.line(), error.column())) {
            (Some(Fault::Refused(problem)), _) => Failure::Refused(problem),
            (Some(Fault::At(at)), Some((word, instead))) => Failure::Malformed(at.problem(|path| {
                let message = format!("`{word}` is not JSON (at `{path}`): send {instead}");
                Problem::new(Code::InvalidRequest, message).with("field", path)
            })),
            _ => Failure::Malformed(malformed()),
        }
    })
}

/// The state of the parsing of one text, which all of its values share.
struct State<'a> {
    bounds: &'a Bounds,
    fault: RefCell<Option<Fault>>,
    /// The values so far.
    values: Cell<usize>,
    most_values: Cell<usize>,
}

/// What stopped the parser.
enum Fault {
    /// The parser's own refusal.
    Refused(Problem),
    /// A syntax error in the value at this place.
    At(OwnedPlace),
}

/// The place of a value, for problems.
struct OwnedPlace {
    path: String,
    index: Option<usize>,
}

impl OwnedPlace {
    /// A problem of the value at this place.
    fn problem(&self, problem: impl FnOnce(&str) -> Problem) -> Problem {
        let problem = problem(if self.path.is_empty() { "body" } else { &self.path });
        match self.index {
            Some(index) => problem.with("index", index),
            None => problem,
        }
    }
}

/// The place of a value in the body.
enum Place<'a> {
    /// The value is the body.
    Body,
    /// The value is a member of the object at the place.
    Member(&'a Place<'a>, &'a str),
    /// The value is an item of the list at the place.
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// The path as `details.field` shows it: `steps[3].weight`. The index of an item of the body is not part of it.
    fn path(&self) -> String {
        match self {
            Place::Body | Place::Item(Place::Body, _) => String::new(),
            Place::Member(of, key) => {
                let of = of.path();
                if of.is_empty() { (*key).to_owned() } else { format!("{of}.{key}") }
            }
            Place::Item(of, index) => {
                let mut path = of.path();
                // A value outside any member is not part of a report: the problem names the body.
                if !path.is_empty() {
                    let _ = write!(path, "[{index}]");
                }
                path
            }
        }
    }

    /// The path as a problem names it.
    fn field(&self) -> String {
        let path = self.path();
        if path.is_empty() { "body".to_owned() } else { path }
    }

    /// The index of the item of the body that contains the value.
    fn index(&self) -> Option<usize> {
        match self {
            Place::Body => None,
            Place::Item(Place::Body, index) => Some(*index),
            Place::Member(of, _) | Place::Item(of, _) => of.index(),
        }
    }

    fn to_owned(&self) -> OwnedPlace {
        OwnedPlace { path: self.path(), index: self.index() }
    }

    /// A problem of the value at this place.
    fn problem(&self, problem: impl FnOnce(&str) -> Problem) -> Problem {
        self.to_owned().problem(problem)
    }
}
