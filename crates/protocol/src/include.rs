//! `include`: the fields of a document that a reader gets only if it asks for them.

/// A set of `logs`, `metrics`, `resources`.
///
/// ```
/// use protocol::include::Include;
/// let include = Include::parse(["logs,metrics"]).unwrap();
/// assert!(include.logs() && include.metrics() && !include.resources());
/// assert_eq!(Include::parse(["gpu"]), Err("gpu".to_owned()));
/// assert_eq!(Include::parse([""]), Ok(Include::NONE));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Include(u8);

impl Include {
    /// The empty set.
    pub const NONE: Include = Include(0);
    /// The names, in the order of their bits.
    pub const NAMES: [&'static str; 3] = ["logs", "metrics", "resources"];

    /// Parses the values of an `include` parameter, each a comma-separated list.
    ///
    /// # Errors
    ///
    /// The first name that is not in [`Include::NAMES`].
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Include, String> {
        let mut bits = 0;
        for name in values.into_iter().flat_map(|value| value.split(',')).map(str::trim).filter(|name| !name.is_empty())
        {
            match Include::NAMES.into_iter().zip([1, 2, 4]).find(|(known, _)| *known == name) {
                Some((_, bit)) => bits |= bit,
                None => return Err(name.to_owned()),
            }
        }
        Ok(Include(bits))
    }

    /// The set with these bits. Unknown bits, which a newer release may send, are dropped.
    pub fn from_bits(bits: u8) -> Include {
        Include(bits & 7)
    }

    /// The set as bits: 1 logs, 2 metrics, 4 resources.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether the set has `logs`.
    pub fn logs(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether the set has `metrics`.
    pub fn metrics(self) -> bool {
        self.0 & 2 != 0
    }

    /// Whether the set has `resources`.
    pub fn resources(self) -> bool {
        self.0 & 4 != 0
    }
}
