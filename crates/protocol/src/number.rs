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
/// assert_eq!(serde_json::to_string(&Number::new(9_007_199_254_740_994.0)).unwrap(), "9007199254740994");
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

    /// A percentage: the number within 0–100, rounded to nine decimals; `None` for NaN.
    ///
    /// The error of a calculation with floats is far smaller than that: 0.29 × 100 is 28.999999999999996, which readers would
    /// show as 28 %.
    ///
    /// ```
    /// use protocol::number::Number;
    /// assert_eq!(Number::percentage(0.29 * 100.0), Number::new(29.0));
    /// assert_eq!(Number::percentage(100.0 / 3.0), Number::new(33.333333333));
    /// assert_eq!(Number::percentage(f64::INFINITY), Some(Number::HUNDRED));
    /// ```
    pub fn percentage(value: f64) -> Option<Number> {
        Number::new((value.clamp(0.0, 100.0) * 1e9).round() / 1e9)
    }

    /// The value as a float.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // 2^64, below which every whole number is written with all its digits.
        const END: f64 = 18_446_744_073_709_551_616.0;
        if self.0.fract() == 0.0 && self.0.abs() <= MAX_SAFE_INTEGER as f64 {
            serializer.serialize_i64(self.0 as i64)
        } else if self.0.fract() == 0.0 && (0.0..END).contains(&self.0) {
            serializer.serialize_u64(self.0 as u64)
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
