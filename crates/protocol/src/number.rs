//! A finite number that is written without a needless fraction: `75`, not `75.0`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A finite JSON number.
///
/// JSON has one kind of number; `serde_json` would write an `f64` as `75.0`, which readers of the source APIs do not expect.
///
/// ```
/// use protocol::number::Number;
/// assert_eq!(serde_json::to_string(&Number::new(75.0)).unwrap(), "75");
/// assert_eq!(serde_json::to_string(&Number::new(0.5)).unwrap(), "0.5");
/// assert_eq!(Number::new(f64::NAN), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Number(f64);

/// The largest integer that every JSON reader represents exactly: 2^53 - 1 (ECMA-262, `Number.MAX_SAFE_INTEGER`).
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

impl Number {
    /// Zero.
    pub const ZERO: Number = Number(0.0);
    /// One hundred.
    pub const HUNDRED: Number = Number(100.0);

    /// The number; `None` if it is not finite. `-0` becomes `0`.
    pub fn new(value: f64) -> Option<Number> {
        value.is_finite().then_some(Number(value + 0.0))
    }

    /// The value as a float.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 && self.0.abs() <= MAX_SAFE_INTEGER as f64 {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        Number::new(f64::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("a finite number is expected"))
    }
}
