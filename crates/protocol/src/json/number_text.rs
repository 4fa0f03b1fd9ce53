//! Numbers with the text that was sent. A double keeps 17 digits, so it would change a long id or decimal.
//!
//! With its feature `arbitrary_precision`, serde_json passes the text of a number as an object with one member of a private
//! name. A body can have a member of this name too; it is refused, because such an object would be stored as a number.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Visitor};
use serde_json::Number;

/// The name of the member that has the text of a number.
pub(super) const TEXT: &str = "$serde_json::private::Number";

/// The key of a member of an object.
pub(super) enum Key {
    /// The object stands for a number.
    Number,
    /// The member has this name.
    Member(String),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a member")
            }

            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(if name == TEXT { Key::Number } else { Key::Member(name.to_owned()) })
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

/// The value of a member whose key is [`Key::Number`].
pub(super) enum NumberText {
    /// The text of a number, as it was sent.
    Text(String),
    /// Any value of a member that was sent under this name.
    Sent,
}

impl<'de> Deserialize<'de> for NumberText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NumberText, D::Error> {
        struct TextVisitor;

        impl Visitor<'_> for TextVisitor {
            type Value = NumberText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            /// Only the text of a number is an owned string: a text of the body is in the body or in a buffer.
            fn visit_string<E>(self, text: String) -> Result<NumberText, E> {
                Ok(NumberText::Text(text))
            }

            fn visit_str<E>(self, _: &str) -> Result<NumberText, E> {
                Ok(NumberText::Sent)
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// The number with this text; `None` if it is beyond the range of a double, which every reader of JSON has at least.
pub(super) fn number(text: &str) -> Option<Number> {
    text.parse::<Number>().ok().filter(|number| number.as_f64().is_some())
}
