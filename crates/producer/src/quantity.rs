//! The numbers that a call accepts.

use serde_json::Value;

/// A number of the standard library: every integer type up to 64 bits, `usize`, `isize`, `f32` and `f64`.
///
/// A float that is not finite means that the number is not known: it is sent as `null`, which clears the field.
///
/// ```
/// use job_progress::Report;
/// assert_eq!(Report::new().total(f64::NAN), Report::new().clear("total"));
/// assert_eq!(Report::new().total(7_usize), Report::new().total(7_u8));
/// ```
pub trait Quantity: sealed::Sealed {
    /// The number as JSON.
    #[doc(hidden)]
    fn into_json(self) -> Value;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! quantities {
    ($($number:ty)*) => {
        $(
            impl sealed::Sealed for $number {}

            impl Quantity for $number {
                fn into_json(self) -> Value {
                    Value::from(self)
                }
            }
        )*
    };
}

quantities!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64);
