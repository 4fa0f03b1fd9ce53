//! Numbers as text: how a language writes percentages and amounts of time.

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// 1 s.
    Second,
    /// 60 s.
    Minute,
    /// 60 min.
    Hour,
    /// 24 h.
    Day,
}

impl Unit {
    /// The unit's name in `Intl.NumberFormat`.
    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
        }
    }

    /// The unit's length in seconds.
    pub fn seconds(self) -> u64 {
        match self {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3600,
            Unit::Day => 86_400,
        }
    }
}

/// The number format of a language.
pub trait Format {
    /// A percentage, 0–100; callers pass whole numbers.
    fn percent(&self, percent: f64) -> String;

    /// A whole number.
    fn number(&self, value: f64) -> String;

    /// An amount of time in one unit.
    fn amount(&self, value: u64, unit: Unit) -> String;
}

/// A span of time in its largest unit and the next smaller one: `2 min 14 sec`. `Locale.span` in `panel/locale.js` is the
/// same function for the panel, and `span` in `js/silence.js` for the plain view; the tests of all read `cases/spans.json`.
pub fn span(format: &dyn Format, seconds: u64) -> String {
    let (large, small) = match seconds {
        86_400.. => (Unit::Day, Some(Unit::Hour)),
        3600.. => (Unit::Hour, Some(Unit::Minute)),
        60.. => (Unit::Minute, Some(Unit::Second)),
        _ => (Unit::Second, None),
    };
    let count = |seconds: u64, unit: Unit| seconds.checked_div(unit.seconds()).unwrap_or(0);
    let first = format.amount(count(seconds, large), large);
    let rest = seconds.checked_rem(large.seconds()).unwrap_or(0);
    match small.map(|small| (count(rest, small), small)) {
        Some((value, small)) if value > 0 => [&first, " ", &format.amount(value, small)].concat(),
        _ => first,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// English, without the browser's `Intl`.
    pub(crate) struct Plain;

    impl Format for Plain {
        fn percent(&self, percent: f64) -> String {
            format!("{percent}%")
        }

        fn number(&self, value: f64) -> String {
            value.to_string()
        }

        fn amount(&self, value: u64, unit: Unit) -> String {
            let name = match unit {
                Unit::Second => "sec",
                Unit::Minute => "min",
                Unit::Hour => "hr",
                Unit::Day if value == 1 => "day",
                Unit::Day => "days",
            };
            format!("{value} {name}")
        }
    }

    #[test]
    fn a_span_has_at_most_two_units() {
        let cases: Vec<(u64, String)> = serde_json::from_str(include_str!("../cases/spans.json")).unwrap();
        assert!(!cases.is_empty());
        for (seconds, text) in cases {
            assert_eq!(span(&Plain, seconds), text);
        }
    }
}
