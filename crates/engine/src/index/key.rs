//! The key of a row: when the job was created, and its id. Rows are stored and listed in the order of their keys.

use std::cmp::Ordering;

use protocol::{Timestamp, id::JobId};

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
    /// The key as a text for a URL that needs no percent-encoding. It is not for readers of lists, who get a
    /// [cursor](super::cursor).
    pub fn to_parameter(&self) -> String {
        base64url(format!("{}.{}", self.created_at.millis(), self.job_id).as_bytes())
    }

    /// The key of a text that [`RowKey::to_parameter`] made; `None` for any other text.
    pub fn from_parameter(text: &str) -> Option<RowKey> {
        let text = String::from_utf8(from_base64url(text)?).ok()?;
        let (millis, job_id) = text.split_once('.')?;
        let created_at = Timestamp::from_millis(millis.parse().ok()?);
        Some(RowKey { created_at, job_id: JobId::parse(job_id)?.as_str().to_owned() })
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
    fn a_key_survives_a_url_and_no_other_text_is_one() {
        let key = RowKey { created_at: Timestamp::from_millis(7), job_id: "a.b:c".to_owned() };
        assert_eq!(RowKey::from_parameter(&key.to_parameter()), Some(key));
        for text in ["", "7.a", "!", &base64url(b"7"), &base64url(b"x.a"), &base64url(b"7.a b"), &base64url(b"\xff.a")]
        {
            assert_eq!(RowKey::from_parameter(text), None, "{text}");
        }
    }
}
