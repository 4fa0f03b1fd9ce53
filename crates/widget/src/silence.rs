//! The silence of a producer: for how long it has not reported, as far as reports are to be expected.

use protocol::{Status, Timestamp};

use crate::props::Job;

/// Seconds without a report after which the producer counts as silent, if the document names no other number.
const SILENT_AFTER: f64 = 120.0;

impl Job {
    /// The seconds since the last report if the producer is silent. `silence` in `js/silence.js` is the same function; the tests
    /// of both read `cases/silence.json`. The seconds change seldom: each ten seconds, from a minute on each minute, from a day
    /// on each hour.
    pub fn silence(&self, now: Timestamp) -> Option<f64> {
        let seconds = self.seconds_without_report(now)?;
        (seconds >= self.silent_after()).then(|| passed(seconds))
    }

    /// The milliseconds until the silence begins or its number changes.
    pub fn next_silence(&self, now: Timestamp) -> Option<u64> {
        let seconds = self.seconds_without_report(now)?;
        let after = self.silent_after();
        let next = if seconds < after { after } else { passed(seconds) + step(seconds) };
        Some(((next - seconds) * 1000.0).ceil() as u64)
    }

    /// The seconds since the last report of a job that should report: one that has begun, does not pause and has not ended.
    fn seconds_without_report(&self, now: Timestamp) -> Option<f64> {
        let should_report = matches!(self.status, Status::Initializing | Status::Running);
        self.stalled_since.or(self.updated_at).filter(|_| should_report).map(|since| now.seconds_since(since))
    }

    fn silent_after(&self) -> f64 {
        if self.stalled_since.is_some() { 0.0 } else { self.stalled_after.unwrap_or(SILENT_AFTER) }
    }
}

/// The whole steps of that time. The operator `%` would add 1 KB to the wasm, as it is a function of a library.
fn passed(seconds: f64) -> f64 {
    (seconds / step(seconds)).floor() * step(seconds)
}

fn step(seconds: f64) -> f64 {
    match seconds {
        ..60.0 => 10.0,
        ..86_400.0 => 60.0,
        _ => 3_600.0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn job(status: Status) -> Job {
        Job { status, updated_at: Some(Timestamp::from_millis(1_000_000)), ..Job::new(status) }
    }

    fn after(seconds: f64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + (seconds * 1000.0) as u64)
    }

    #[test]
    fn a_producer_is_silent_after_two_minutes_or_when_the_document_says_so_and_never_while_no_reports_are_expected() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../cases/silence.json")).unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let status = Status::parse(case["status"].as_str().unwrap()).unwrap();
            let stalled_since = case.get("isStalled").map(|_| after(0.0));
            let job = Job { stalled_after: case["stalledAfterSeconds"].as_f64(), stalled_since, ..job(status) };
            let now = after(case["after"].as_f64().unwrap());
            assert_eq!(job.silence(now), case["expect"].as_f64(), "{case}");
            let should_report = matches!(status, Status::Initializing | Status::Running);
            assert_eq!(job.next_silence(now).is_some(), should_report, "{case}");
        }
        assert_eq!(Job::new(Status::Running).silence(after(7_200.0)), None, "the last report is unknown");
    }

    #[test]
    fn the_next_change_is_the_only_time_at_which_the_silence_changes() {
        let running = job(Status::Running);
        let mut at = 0.0;
        let mut changes = 0;
        while at < 100_000.0 {
            let rest = running.next_silence(after(at)).unwrap() as f64 / 1000.0;
            assert!(rest >= 1.0, "{rest} s after {at} s");
            assert_eq!(running.silence(after(at)), running.silence(after(at + rest - 0.5)));
            at += rest;
            assert!(running.silence(after(at)).is_some());
            changes += 1;
        }
        assert!(changes < 1_500, "{changes} paints in 28 hours");
    }
}
