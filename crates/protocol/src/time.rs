//! A point in time: milliseconds since the Unix epoch, written as an RFC 3339 string in UTC.
//!
//! These 100 lines replace a date library, which would cost more bytes in the browser than the progress bar. Property tests
//! compare parsing (any offset, fraction and case) and writing with `jiff`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::parse_error::from_str;

/// Milliseconds since 1970-01-01T00:00:00Z, between the years 1970 and 9999.
///
/// Fractions are truncated to milliseconds; offsets are converted to UTC.
///
/// ```
/// use protocol::Timestamp;
/// let at = Timestamp::parse("2024-01-15T15:30:00.25+01:00").unwrap();
/// assert_eq!(at.to_string(), "2024-01-15T14:30:00.250Z");
/// assert_eq!(at.millis(), 1_705_329_000_250);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

const MILLIS_PER_DAY: u64 = 86_400_000;
/// 9999-12-31T23:59:59.999Z, the last time that RFC 3339 can express.
const MAX_MILLIS: u64 = 253_402_300_799_999;

impl Timestamp {
    /// The time `millis` milliseconds after the Unix epoch, at most the end of the year 9999.
    pub fn from_millis(millis: u64) -> Timestamp {
        Timestamp(millis.min(MAX_MILLIS))
    }

    /// Milliseconds since the Unix epoch.
    pub fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Seconds from `earlier` to this time; 0 if `earlier` is later.
    pub fn seconds_since(self, earlier: Timestamp) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1000.0
    }

    /// The time `millis` milliseconds later, at most the end of the year 9999.
    pub fn plus_millis(self, millis: u64) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_add(millis))
    }

    /// Parses an RFC 3339 date-time (section 5.6), also with the offsets `+0100` and `+01` of ISO 8601; `None` if the text is
    /// not one or the year is outside 1970–9999.
    pub fn parse(text: &str) -> Option<Timestamp> {
        Timestamp::read(text).ok()
    }

    /// As [`parse`](Timestamp::parse), with the reason of a refusal.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn read(text: &str) -> Result<Timestamp, TimeError> {
        let mut rest = Digits(text.as_bytes());
        let local_seconds_and_millis = rest.date_time().ok_or(TimeError::Form)?;
        if rest.0.is_empty() {
            return Err(TimeError::NoOffset);
        }
        let offset_minutes = rest.offset().filter(|_| rest.0.is_empty()).ok_or(TimeError::Form)?;
        let (seconds, millis) = local_seconds_and_millis;
        let total = offset_minutes
            .checked_mul(60)
            .and_then(|offset| seconds.checked_sub(offset)?.checked_mul(1000)?.checked_add(i64::from(millis)));
        let total = total.and_then(|total| u64::try_from(total).ok()).filter(|total| *total <= MAX_MILLIS);
        total.map(Timestamp).ok_or(TimeError::Range)
    }
}

/// Why a text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// It is not an RFC 3339 date-time.
    Form,
    /// It has no offset from UTC, so that it names no point in time.
    NoOffset,
    /// The year is outside 1970–9999.
    Range,
}

impl fmt::Display for TimeError {
    /// The end of a sentence that begins with the name of the field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TimeError::Form => "must be an RFC 3339 time such as 2024-01-15T14:30:00Z",
            TimeError::NoOffset => "has no offset from UTC; add `Z` or an offset such as `+02:00`",
            TimeError::Range => "must be a time of the years 1970–9999; leave it out, or send null, if it is not known",
        })
    }
}

impl std::error::Error for TimeError {}

/// The rest of a date-time that is being parsed.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    /// The local date and time, as seconds since the Unix epoch and milliseconds.
    fn date_time(&mut self) -> Option<(i64, u32)> {
        let rest = self;
        let year = rest.number(4)?;
        rest.literal(b"-")?;
        let month = rest.number(2).filter(|month| (1..=12).contains(month))?;
        rest.literal(b"-")?;
        let day = rest.number(2).filter(|day| (1..=days_in_month(year, month)).contains(day))?;
        rest.literal(b"Tt ")?;
        let hour = rest.number(2).filter(|hour| *hour < 24)?;
        rest.literal(b":")?;
        let minute = rest.number(2).filter(|minute| *minute < 60)?;
        rest.literal(b":")?;
        // A leap second is read as the second before it, because POSIX time cannot represent it.
        let second = rest.number(2).filter(|second| *second <= 60)?.min(59);
        let millis = if rest.literal(b".").is_some() { rest.fraction()? } else { 0 };
        let minutes = days_from_civil(year, month, day)
            .checked_mul(1440)?
            .checked_add(i64::from(hour).checked_mul(60)?)?
            .checked_add(i64::from(minute))?;
        Some((minutes.checked_mul(60)?.checked_add(i64::from(second))?, millis))
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn literal(&mut self, any_of: &[u8]) -> Option<u8> {
        let first = *self.0.first().filter(|byte| any_of.contains(byte))?;
        self.byte();
        Some(first)
    }

    fn digit(&mut self) -> Option<u32> {
        let digit = char::from(*self.0.first()?).to_digit(10)?;
        self.byte();
        Some(digit)
    }

    fn number(&mut self, digits: u32) -> Option<u32> {
        (0..digits).try_fold(0_u32, |number, _| number.checked_mul(10)?.checked_add(self.digit()?))
    }

    fn fraction(&mut self) -> Option<u32> {
        let mut millis = self.digit()?.saturating_mul(100);
        for weight in [10, 1] {
            let Some(digit) = self.digit() else { return Some(millis) };
            millis = millis.saturating_add(digit.saturating_mul(weight));
        }
        while self.digit().is_some() {}
        Some(millis)
    }

    fn offset(&mut self) -> Option<i64> {
        let sign = match self.byte()? {
            b'Z' | b'z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.number(2).filter(|hours| *hours < 24)?;
        // RFC 3339 has only `+01:00`; `+0100` (strftime's %z) and `+01` (PostgreSQL) are of ISO 8601.
        let has_minutes = self.literal(b":").is_some() || !self.0.is_empty();
        let minutes = if has_minutes { self.number(2).filter(|minutes| *minutes < 60)? } else { 0 };
        i64::from(hours).checked_mul(60)?.checked_add(i64::from(minutes))?.checked_mul(sign)
    }
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01; after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
// The year has four digits, which bounds every operand: nothing can overflow.
#[allow(clippy::arithmetic_side_effects)]
fn days_from_civil(year: u32, month: u32, day: u32) -> i64 {
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a number of days from 1970-01-01; the inverse, `civil_from_days`.
// The year is at most 9999, which bounds every operand: nothing can overflow.
#[allow(clippy::arithmetic_side_effects)]
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0 / MILLIS_PER_DAY);
        let millis = self.0 % MILLIS_PER_DAY;
        let (hour, minute, second) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match millis % 1000 {
            0 => f.write_str("Z"),
            millis => write!(f, ".{millis:03}Z"),
        }
    }
}

from_str!(Timestamp, "an RFC 3339 time between the years 1970 and 9999");

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_of_another_form_is_not_a_time() {
        for text in [
            "",
            "2024",
            "2024-01-15",
            "2024-01-15T14:30:00",
            "2024-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-15T24:00:00Z",
            "2024-01-15T14:60:00Z",
            "2024-01-15T14:30:61Z",
            "2024-01-15T14:30:00.Z",
            "2024-01-15T14:30:00Zx",
            "2024-01-15T14:30:00+010",
            "2024-01-15T14:30:00+01:",
            "2024-01-15T14:30:00+01:0",
            "2024-01-15T14:30:00+",
            "1969-12-31T23:59:59Z",
            "+2024-01-15T14:30:00Z",
            "２024-01-15T14:30:00Z",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_form_of_rfc_3339_is_parsed() {
        for (text, shown) in [
            ("2024-01-15t14:30:00z", "2024-01-15T14:30:00Z"),
            ("2024-01-15 14:30:00Z", "2024-01-15T14:30:00Z"),
            ("2024-02-29T23:30:00-01:00", "2024-03-01T00:30:00Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
            ("2024-01-15T14:30:00.1239Z", "2024-01-15T14:30:00.123Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("2024-01-15T14:30:00+0000", "2024-01-15T14:30:00Z"),
            ("2024-01-15T14:30:00+0130", "2024-01-15T13:00:00Z"),
            ("2024-01-15T14:30:00.5-00", "2024-01-15T14:30:00.500Z"),
            ("2024-01-15 14:30:00+02", "2024-01-15T12:30:00Z"),
        ] {
            assert_eq!(Timestamp::parse(text).map(|at| at.to_string()).as_deref(), Some(shown), "{text}");
        }
    }

    #[test]
    fn a_refusal_says_whether_the_offset_is_missing_or_the_year_is_out_of_range() {
        for (text, error) in [
            ("2024-01-15T14:30:00", TimeError::NoOffset),
            ("2024-01-15 14:30:00.25", TimeError::NoOffset),
            ("0001-01-01T00:00:00Z", TimeError::Range),
            ("1969-12-31T23:59:59Z", TimeError::Range),
            ("1970-01-01T00:59:59+01:00", TimeError::Range),
            ("9999-12-31T23:59:59-01:00", TimeError::Range),
            ("2024-02-30T00:00:00", TimeError::Form),
            ("2024-01-15", TimeError::Form),
            ("now", TimeError::Form),
        ] {
            assert_eq!(Timestamp::read(text), Err(error), "{text}");
        }
    }

    /// jiff ends where the largest offset still has a local time in the year 9999.
    const JIFF_MAX_MILLIS: u64 = MAX_MILLIS - 26 * 3_600_000;

    proptest! {
        #[test]
        fn every_time_is_written_and_parsed_as_jiff_does(millis in 0..=JIFF_MAX_MILLIS) {
            let ours = Timestamp::from_millis(millis);
            let theirs = jiff::Timestamp::from_millisecond(i64::try_from(millis).unwrap()).unwrap();
            prop_assert_eq!(Timestamp::parse(&ours.to_string()), Some(ours));
            prop_assert_eq!(ours.to_string().parse::<jiff::Timestamp>().unwrap(), theirs);
            prop_assert_eq!(Timestamp::parse(&theirs.to_string()), Some(ours));
        }

        /// Any date and time in any form: offset, fraction of up to 9 digits, separator and case; many of them do not exist.
        #[test]
        fn every_form_is_parsed_as_jiff_does(
            (year, month, day) in (1969_u32..=9998, 0_u32..=13, 0_u32..=32),
            (hour, minute, second) in (0_u32..=24, 0_u32..=60, 0_u32..=61),
            fraction in prop::option::of("[0-9]{1,9}"),
            separator in prop::sample::select(vec!["T", "t", " "]),
            offset in prop_oneof![
                Just("Z".to_owned()),
                Just("z".to_owned()),
                // jiff accepts offsets up to 25:59; RFC 3339 ends at 23:59.
                (prop::sample::select(vec!["+", "-"]), 0_u32..=23, 0_u32..=60)
                    .prop_map(|(sign, hours, minutes)| format!("{sign}{hours:02}:{minutes:02}")),
                (prop::sample::select(vec!["+", "-"]), 0_u32..=23, 0_u32..=60)
                    .prop_map(|(sign, hours, minutes)| format!("{sign}{hours:02}{minutes:02}")),
                (prop::sample::select(vec!["+", "-"]), 0_u32..=23).prop_map(|(sign, hours)| format!("{sign}{hours:02}")),
            ],
        ) {
            let fraction = fraction.map_or(String::new(), |digits| format!(".{digits}"));
            let text = format!("{year:04}-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}{fraction}{offset}");
            let nanos = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_nanosecond);
            let theirs = nanos.filter(|nanos| *nanos >= 0).map(|nanos| u64::try_from(nanos / 1_000_000).unwrap());
            prop_assert_eq!(Timestamp::parse(&text).map(Timestamp::millis), theirs, "{}", text);
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = Timestamp::parse(&text);
        }
    }
}
