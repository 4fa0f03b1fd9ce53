//! The key of a row: when the job was created, and its id. Rows are stored and listed in the order of their keys.

use std::cmp::Ordering;

use protocol::{Problem, Timestamp, id::JobId};

use crate::crypto::{base64url, from_base64url};

/// The key of a row. No two rows have the same one: a job in the place of another one is created later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// When the job was created.
    pub created_at: Timestamp,
    /// The job's id.
    pub job_id: String,
}

impl RowKey {
    /// The key as an opaque text: the cursor of a page that ends with this row.
    pub fn to_cursor(&self) -> String {
        base64url(format!("{}.{}", self.created_at.millis(), self.job_id).as_bytes())
    }

    /// Reads a cursor.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if the text is not the cursor of a page.
    pub fn from_cursor(text: &str) -> Result<RowKey, Problem> {
        let read = || {
            let text = String::from_utf8(from_base64url(text)?).ok()?;
            let (millis, job_id) = text.split_once('.')?;
            let created_at = Timestamp::from_millis(millis.parse().ok()?);
            Some(RowKey { created_at, job_id: JobId::parse(job_id)?.as_str().to_owned() })
        };
        read().ok_or_else(|| Problem::invalid("cursor", "must be the `nextCursor` of a page, unchanged"))
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest job first.
    #[default]
    Descending,
    /// The oldest job first.
    Ascending,
}

impl Order {
    /// The names on the wire, the default first.
    pub const NAMES: [&'static str; 2] = ["desc", "asc"];

    /// The order with this name.
    pub fn parse(name: &str) -> Option<Order> {
        match name {
            "desc" => Some(Order::Descending),
            "asc" => Some(Order::Ascending),
            _ => None,
        }
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        let [descending, ascending] = Order::NAMES;
        match self {
            Order::Descending => descending,
            Order::Ascending => ascending,
        }
    }

    /// Compares two keys in this order.
    pub fn compare(self, first: &RowKey, second: &RowKey) -> Ordering {
        match self {
            Order::Descending => second.cmp(first),
            Order::Ascending => first.cmp(second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_no_other_text_is_one() {
        let key = RowKey { created_at: Timestamp::from_millis(7), job_id: "a.b:c".to_owned() };
        assert_eq!(RowKey::from_cursor(&key.to_cursor()), Ok(key));
        for text in ["", "7.a", "!", &base64url(b"7"), &base64url(b"x.a"), &base64url(b"7.a b"), &base64url(b"\xff.a")]
        {
            assert_eq!(RowKey::from_cursor(text).unwrap_err().details()["field"], "cursor", "{text}");
        }
    }
}
