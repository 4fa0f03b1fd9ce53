//! Numbers in words: how a language writes percentages and amounts of time.

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
    /// Its name in `Intl.NumberFormat`.
    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
        }
    }

    /// Seconds.
    pub fn seconds(self) -> u64 {
        match self {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3600,
            Unit::Day => 86_400,
        }
    }
}

/// A language's way to write numbers.
pub trait Format {
    /// Whole per cent.
    fn percent(&self, percent: f64) -> String;

    /// A whole number.
    fn number(&self, value: f64) -> String;

    /// An amount of time in one unit.
    fn amount(&self, value: u64, unit: Unit) -> String;
}

/// A span of time in its largest unit and the next smaller one: `2 min 14 sec`.
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

    /// English as it is written without a browser.
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
                Unit::Day => "day",
            };
            format!("{value} {name}")
        }
    }

    #[test]
    fn a_span_has_two_units_at_most() {
        for (seconds, text) in [
            (0, "0 sec"),
            (59, "59 sec"),
            (60, "1 min"),
            (134, "2 min 14 sec"),
            (3600, "1 hr"),
            (3659, "1 hr"),
            (7500, "2 hr 5 min"),
            (90_000, "1 day 1 hr"),
        ] {
            assert_eq!(span(&Plain, seconds), text);
        }
    }
}
