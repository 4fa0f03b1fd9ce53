//! The remaining time as text: in steps, so that it does not jump, and never negative.

use protocol::Timestamp;

use crate::{
    format::{Format, Unit, span},
    messages::{MessageKey, Messages},
};

/// The number of seconds up to which the text is "A few seconds left".
const FEW: f64 = 10.0;

/// The time from `now` to the estimated `end` as text, `None` once the estimate has proved wrong: [`FEW`] seconds after it.
///
/// The steps are finer towards the end: an hour, five minutes, a minute, five seconds. The time is rounded up: an early end
/// disappoints nobody.
pub fn remaining(end: Timestamp, now: Timestamp, format: &dyn Format, messages: &Messages) -> Option<String> {
    if now.seconds_since(end) > FEW {
        return None;
    }
    let seconds = end.seconds_since(now);
    if seconds <= FEW {
        return Some(messages.get(MessageKey::FewSecondsLeft).to_owned());
    }
    let step: u64 = match seconds {
        ..=55.0 => 5,
        ..=3_600.0 => 60,
        ..=86_400.0 => 300,
        _ => 3_600,
    };
    let rounded = ((seconds / step as f64).ceil() as u64).saturating_mul(step);
    // From three days on, hours would claim a precision that no estimate has.
    let text = match rounded.checked_div(Unit::Day.seconds()) {
        Some(days @ 3..) => format.amount(days, Unit::Day),
        _ => span(format, rounded),
    };
    Some(messages.with(MessageKey::Left, &text))
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
    fn the_steps_are_finer_towards_the_end() {
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
            (900_000.0, "10 days left"),
        ] {
            assert_eq!(at(seconds).as_deref(), Some(text), "{seconds}");
        }
    }

    #[test]
    fn the_text_is_never_zero_or_negative_and_none_after_a_wrong_estimate() {
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
