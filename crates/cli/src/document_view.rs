//! The parts of a document as texts for people.

use console::StyledObject;
use indicatif::{HumanBytes, HumanCount, HumanFloatCount};
use protocol::{Status, Timestamp};
use serde_json::Value;

use crate::output::{printable, style_of};

/// A document, read leniently: a newer server may send more than this program knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DocumentView<'a>(pub(crate) &'a Value);

impl<'a> DocumentView<'a> {
    /// The text at a path of member names.
    pub(crate) fn text(self, path: &[&str]) -> Option<&'a str> {
        self.value(path)?.as_str()
    }

    /// The number at a path of member names.
    pub(crate) fn number(self, path: &[&str]) -> Option<f64> {
        self.value(path)?.as_f64()
    }

    /// The time at a path of member names.
    pub(crate) fn time(self, path: &[&str]) -> Option<Timestamp> {
        Timestamp::parse(self.text(path)?)
    }

    fn value(self, path: &[&str]) -> Option<&'a Value> {
        path.iter().try_fold(self.0, |value, name| value.get(name))
    }

    /// The status as it is written.
    pub(crate) fn status(self) -> &'a str {
        self.text(&["status"]).unwrap_or("unknown")
    }

    /// Whether the job has ended.
    pub(crate) fn is_terminal(self) -> bool {
        Status::parse(self.status()).is_some_and(Status::is_terminal)
    }

    /// The status in its colour, with the substate.
    pub(crate) fn styled_status(self) -> StyledObject<String> {
        let status = match self.text(&["substate"]) {
            Some(substate) => format!("{} ({})", self.status(), printable(substate)),
            None => self.status().to_owned(),
        };
        style_of(self.status()).apply_to(status)
    }

    /// Percent done, from 0 to 100; `None` if unknown.
    pub(crate) fn progress(self) -> Option<f64> {
        self.number(&["progress"]).map(|progress| progress.clamp(0.0, 100.0))
    }

    /// `45%`, rounded down: 100 % is shown only when all is done.
    pub(crate) fn percent(self) -> Option<String> {
        self.progress().map(|progress| format!("{}%", progress.floor()))
    }

    /// `45/100 files`, `1.5 MiB/3 MiB` or `45 files`.
    pub(crate) fn counts(self) -> Option<String> {
        let unit = self.text(&["unit"]).map(printable).unwrap_or_default();
        let current = quantity(self.number(&["current"])?, &unit);
        let counts = match self.number(&["total"]) {
            Some(total) => format!("{current}/{}", quantity(total, &unit)),
            None => current,
        };
        Some(if unit.is_empty() || is_bytes(&unit) { counts } else { format!("{counts} {unit}") })
    }

    /// `3.2 files/s`.
    pub(crate) fn throughput(self) -> Option<String> {
        let rate = self.number(&["throughput", "rate"])?;
        let unit = self.text(&["throughput", "unit"]).or(self.text(&["unit"])).map(printable).unwrap_or_default();
        let rate_text = quantity(rate, &unit);
        Some(if unit.is_empty() || is_bytes(&unit) {
            format!("{rate_text}/s")
        } else {
            format!("{rate_text} {unit}/s")
        })
    }

    /// `2m 10s left`; `None` if that is unknown or the expected time has passed.
    pub(crate) fn remaining(self, now: Timestamp) -> Option<String> {
        let expected = self.time(&["estimatedCompletion"]).filter(|expected| *expected > now && !self.is_terminal())?;
        Some(format!("{} left", duration(expected.seconds_since(now).ceil())))
    }

    /// The message on one line.
    pub(crate) fn message(self) -> Option<String> {
        self.text(&["message"]).map(printable).filter(|message| !message.is_empty())
    }

    /// `CODE: message` of the error; the message alone if the code is the default.
    pub(crate) fn error(self) -> Option<String> {
        let message = printable(self.text(&["error", "message"])?);
        match self.text(&["error", "code"]) {
            Some(code) if code != "FAILED" => Some(format!("{}: {message}", printable(code))),
            _ => Some(message),
        }
    }

    /// The output as JSON, or a text as it is; under either of its names.
    pub(crate) fn output(self) -> Option<String> {
        let output = self.value(&["output"]).or_else(|| self.value(&["result"]))?;
        Some(printable(&output.as_str().map_or_else(|| output.to_string(), str::to_owned)))
    }

    /// What the job waits for: its place in the queue, a reason, or a pending request.
    pub(crate) fn waits_for(self) -> Option<String> {
        let queue = self.number(&["queuePosition"]).map(|ahead| format!("{ahead} ahead in the queue"));
        let reason = self.text(&["waiting", "reason"]).map(|reason| format!("waiting: {}", printable(reason)));
        let control = self.text(&["control", "request"]).map(|request| format!("{} requested", printable(request)));
        let stalled = self.text(&["stalledSince"]).map(|_| "stalled".to_owned());
        let parts: Vec<String> = [control, stalled, queue, reason].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// The steps: `(label, status, percent)`.
    pub(crate) fn steps(self) -> Vec<(String, &'a str, Option<f64>)> {
        let steps = self.value(&["steps"]).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let step = |step: &'a Value| {
            let step = DocumentView(step);
            Some((printable(step.text(&["label"])?), step.text(&["status"])?, step.number(&["progress"])))
        };
        steps.iter().filter_map(step).collect()
    }
}

fn is_bytes(unit: &str) -> bool {
    ["byte", "bytes", "B"].contains(&unit)
}

fn quantity(number: f64, unit: &str) -> String {
    if is_bytes(unit) {
        return HumanBytes(number as u64).to_string();
    }
    // Three digits are enough to see how much it is.
    let rounded = if number < 100.0 { (number * 100.0).round() / 100.0 } else { number.round() };
    if rounded.fract() == 0.0 { HumanCount(rounded as u64).to_string() } else { HumanFloatCount(rounded).to_string() }
}

/// `45s`, `2m 10s`, `3h 4m` or `2d 5h`.
pub(crate) fn duration(seconds: f64) -> String {
    let seconds = seconds as u64;
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(parts.len().saturating_sub(1));
    let shown = parts.iter().skip(first).take(2).filter(|(count, unit)| *count > 0 || *unit == "s" && seconds == 0);
    shown.map(|(count, unit)| format!("{count}{unit}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_duration_is_written_in_its_two_largest_units() {
        let cases =
            [(0.0, "0s"), (45.9, "45s"), (60.0, "1m"), (130.0, "2m 10s"), (11_045.0, "3h 4m"), (190_800.0, "2d 5h")];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn counts_have_their_unit_and_bytes_are_abbreviated() {
        let counts = |document: Value| DocumentView(&document).counts();
        assert_eq!(counts(json!({"current": 45, "total": 1000, "unit": "files"})).unwrap(), "45/1,000 files");
        assert_eq!(
            counts(json!({"current": 1_572_864, "total": 3_145_728, "unit": "bytes"})).unwrap(),
            "1.50 MiB/3.00 MiB"
        );
        assert_eq!(counts(json!({"current": 0.5})).unwrap(), "0.5");
        assert_eq!(counts(json!({"total": 3})), None);
    }

    #[test]
    fn a_percentage_is_rounded_down() {
        assert_eq!(DocumentView(&json!({"progress": 99.99})).percent().unwrap(), "99%");
        assert_eq!(DocumentView(&json!({"progress": null})).percent(), None);
    }

    #[test]
    fn an_expected_time_that_has_passed_is_not_shown() {
        let document = json!({"status": "running", "estimatedCompletion": "2026-01-15T14:30:10Z"});
        let at = |text| Timestamp::parse(text).unwrap();
        assert_eq!(DocumentView(&document).remaining(at("2026-01-15T14:30:00Z")).unwrap(), "10s left");
        assert_eq!(DocumentView(&document).remaining(at("2026-01-15T14:30:10Z")), None);
    }
}
