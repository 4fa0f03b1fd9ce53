//! The remaining time, in words that do not jump and never promise a moment that has passed.

use protocol::Timestamp;

use crate::{
    format::{Format, Unit, span},
    messages::{Messages, Word},
};

/// Seconds under which no number is given.
const FEW: f64 = 10.0;

/// How long it will take; nothing once the estimate was clearly wrong.
///
/// The nearer the end, the finer the steps: five seconds, a minute, five minutes, an hour. It is rounded up, as who waits
/// is glad to be early.
pub fn remaining(end: Timestamp, now: Timestamp, format: &dyn Format, messages: &Messages) -> Option<String> {
    if now.seconds_since(end) > FEW {
        return None;
    }
    let seconds = end.seconds_since(now);
    if seconds <= FEW {
        return Some(messages.get(Word::FewSecondsLeft).to_owned());
    }
    let step: u64 = match seconds {
        ..=55.0 => 5,
        ..=3_600.0 => 60,
        ..=86_400.0 => 300,
        _ => 3_600,
    };
    let rounded = ((seconds / step as f64).ceil() as u64).saturating_mul(step);
    // Hours beside days say more than anybody knows.
    let text = match rounded.checked_div(Unit::Day.seconds()) {
        Some(days @ 3..) => format.amount(days, Unit::Day),
        _ => span(format, rounded),
    };
    Some(messages.with(Word::Left, &text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::Plain;

    fn at(seconds: f64) -> Option<String> {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let millis = (1_700_000_000_000.0 + seconds * 1000.0) as u64;
        remaining(Timestamp::from_millis(millis), now, &Plain, &Messages::default())
    }

    #[test]
    fn the_nearer_the_end_the_finer_the_words() {
        for (seconds, text) in [
            (10.1, "15 sec left"),
            (41.0, "45 sec left"),
            (55.0, "55 sec left"),
            (56.0, "1 min left"),
            (61.0, "2 min left"),
            (3_599.0, "1 hr left"),
            (3_601.0, "1 hr 5 min left"),
            (86_400.0, "1 day left"),
            (100_000.0, "1 day 4 hr left"),
            (900_000.0, "10 day left"),
        ] {
            assert_eq!(at(seconds).as_deref(), Some(text), "{seconds}");
        }
    }

    #[test]
    fn it_never_says_nothing_is_left_nor_what_has_passed() {
        for seconds in [10.0, 1.0, 0.4, 0.0, -9.0] {
            assert_eq!(at(seconds).as_deref(), Some("A few seconds left"));
        }
        assert_eq!(at(-11.0), None);
        for tenths in 0..200_000 {
            let text = at(f64::from(tenths) / 10.0).unwrap();
            assert!(!text.starts_with('0'), "{text}");
        }
    }
}
