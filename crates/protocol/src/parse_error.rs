//! The error of `FromStr` in this crate, and its implementation by each type's own `parse`.

use std::fmt;

/// The error of a text that has another form than the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The expected form: "a cursor `<epoch>.<seq>`".
    pub expected: &'static str,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for ParseError {}

/// Implements `FromStr` by `parse`, which returns an `Option`.
macro_rules! from_str {
    ($type:ty, $expected:literal) => {
        impl std::str::FromStr for $type {
            type Err = crate::parse_error::ParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text).ok_or(crate::parse_error::ParseError { expected: $expected })
            }
        }
    };
}
pub(crate) use from_str;

#[cfg(test)]
mod tests {
    use crate::{Status, Timestamp, cursor::Cursor, id::JobId};

    #[test]
    fn from_str_agrees_with_parse_and_says_what_is_expected() {
        assert_eq!("running".parse(), Ok(Status::Running));
        assert_eq!("import-42".parse::<JobId>().unwrap().as_str(), "import-42");
        assert_eq!("k3v9a0.17".parse(), Ok(Cursor::new("k3v9a0", 17)));
        let error = "yesterday".parse::<Timestamp>().unwrap_err();
        assert_eq!(error.to_string(), "expected an RFC 3339 time between the years 1970 and 9999");
    }
}
