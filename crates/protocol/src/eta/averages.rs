//! A short and a long exponential average of units and of time, and the confidence in the short one.

use serde::{Deserialize, Serialize};

/// The memory of the short average, as a share of all the work: the current pace.
const SHORT: f64 = 0.1;
/// The memory of the long average: the pace of the job.
const LONG: f64 = 0.5;
/// At a distance of this many standard errors, the short average counts half against the long one.
const DOUBT: f64 = 2.0;
/// The largest factor by which a change of pace is extrapolated.
const TREND_LIMIT: f64 = 2.0;
/// A wait counts as at most this many times the longest recent wait: the rest is a stall, not work. Work in bursts or in very
/// unequal pieces regularly has long waits, which keep counting.
const STALL: f64 = 5.0;
/// The number of observations before a wait can count as a stall.
const STALL_EVIDENCE: u32 = 5;

/// Progress of this many times the largest recent step, at this many times the recent pace, is skipped work.
const JUMP: f64 = 20.0;

/// An exponential average of units and one of time, both over the same window of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Window {
    #[serde(rename = "u")]
    units: f64,
    #[serde(rename = "t")]
    time: f64,
}

impl Window {
    /// Discounts the past by the work done (not by time or by the number of reports) and adds the new interval.
    ///
    /// The gain makes the result the same whether a stretch of even work is one report or a hundred.
    fn add(&mut self, units: f64, time: f64, memory: f64) -> Gain {
        let gain = Gain::new(units, memory);
        self.units = gain.mix(self.units, units);
        self.time = gain.mix(self.time, time);
        gain
    }

    /// Milliseconds per unit: the quotient of the averages, never the average of quotients.
    fn pace(self) -> Option<f64> {
        (self.units > 0.0 && self.time > 0.0).then_some(self.time / self.units).filter(|pace| usable(*pace))
    }
}

/// The weights of the past and of a new interval in an average with a memory of `memory` units.
#[derive(Clone, Copy)]
struct Gain {
    kept: f64,
    new: f64,
}

impl Gain {
    fn new(units: f64, memory: f64) -> Self {
        let kept = (-units / memory).exp();
        Self { kept, new: memory * (1.0 - kept) / units }
    }

    fn mix(self, average: f64, value: f64) -> f64 {
        average * self.kept + value * self.new
    }
}

/// Everything that is kept about the speed of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Averages {
    #[serde(rename = "s")]
    short: Window,
    /// The variance of `short.time` around its own pace, from the deviations of the single intervals.
    #[serde(rename = "v")]
    noise: f64,
    #[serde(rename = "l")]
    long: Window,
    /// The longest wait for progress, fading with the short window.
    #[serde(rename = "w")]
    longest: f64,
    #[serde(rename = "n")]
    count: u32,
    /// The largest step of progress, fading with the short window; 0 if it is not known.
    #[serde(rename = "b", default, skip_serializing_if = "is_zero")]
    largest: f64,
}

impl Averages {
    /// Adds `units` of work done in `time` milliseconds; `span` is all the work, in units. All three are finite,
    /// and `units` and `span` are positive.
    pub(super) fn add(&mut self, units: f64, time: f64, span: f64) {
        let time = self.without_stall(units, time);
        let expected = self.short.pace().or(self.long.pace()).map_or(time, |pace| units * pace);
        let gain = self.short.add(units, time, SHORT * span);
        self.noise = self.noise * gain.kept * gain.kept + ((time - expected) * gain.new).powi(2);
        self.longest = time.max(self.longest * gain.kept);
        self.largest = units.max(self.largest * gain.kept);
        self.long.add(units, time, LONG * span);
        self.count = self.count.saturating_add(1);
        if !self.is_finite() {
            // The numbers exceed the range of a float. No averages are better than infinite ones.
            *self = Self::default();
        }
    }

    /// Whether progress of `units` in `time` milliseconds is skipped work: many times the largest step, and far faster than
    /// the pace so far. One such step says nothing about the pace; if they are usual, they are no jumps.
    pub(super) fn is_jump(&self, units: f64, time: f64) -> bool {
        let is_faster = |pace: f64| time * JUMP < units * pace;
        self.count >= 2 && self.largest > 0.0 && units > JUMP * self.largest && self.long.pace().is_some_and(is_faster)
    }

    /// Remembers the size of a jump, so that regular jumps count as work.
    pub(super) fn add_jump(&mut self, units: f64) {
        self.largest = units;
    }

    /// Whether the only interval so far was skipped work, as the next one of `units` in `time` milliseconds shows.
    pub(super) fn began_with_jump(&self, units: f64, time: f64) -> bool {
        // The jump may have taken no time at all, which gives no pace.
        let is_slower = time * self.long.units > JUMP * units * self.long.time;
        self.count == 1 && self.largest > JUMP * units && is_slower
    }

    fn without_stall(&self, units: f64, time: f64) -> f64 {
        match self.long.pace() {
            Some(pace) if self.count > STALL_EVIDENCE => time.min(STALL * self.longest.max(units * pace)),
            _ => time,
        }
    }

    /// The number of observations with progress.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Starts a new step: the long average stays, the short one is reset.
    pub(super) fn begin_step(&mut self) {
        self.short = Window::default();
        self.noise = 0.0;
    }

    /// The longest usual wait for progress, in milliseconds.
    pub(super) fn usual_wait(&self) -> f64 {
        self.longest
    }

    /// Expected milliseconds per remaining unit, if the current wait is `overdue` milliseconds longer than usual.
    pub(super) fn pace(&self, overdue: f64) -> Option<f64> {
        let long = self.long.pace()?;
        let change = self.short.pace().map_or(1.0, |short| (short / long).powf(self.belief(long)));
        let trend = change.clamp(1.0 / TREND_LIMIT, TREND_LIMIT);
        Some(long * change * trend * self.slowdown(overdue)).filter(|pace| usable(*pace))
    }

    /// Recent units per second.
    pub(super) fn rate(&self, overdue: f64) -> Option<f64> {
        let pace = self.short.pace().or(self.long.pace())? * self.slowdown(overdue);
        Some(1000.0 / pace).filter(|rate| usable(*rate))
    }

    /// The confidence in the short average, from 0 to 1: *z*² / (*z*² + 2²), where *z* is its distance in standard errors.
    fn belief(&self, long: f64) -> f64 {
        let deviation = (self.short.time - long * self.short.units).powi(2);
        let belief = deviation / (deviation + DOUBT * DOUBT * self.noise);
        if belief.is_finite() { belief } else { 0.0 }
    }

    fn slowdown(&self, overdue: f64) -> f64 {
        (self.long.time + overdue) / self.long.time
    }

    fn is_finite(&self) -> bool {
        [self.short.units, self.short.time, self.noise, self.long.units, self.long.time, self.longest]
            .into_iter()
            .all(f64::is_finite)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

fn usable(number: f64) -> bool {
    number.is_finite() && number > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(intervals: &[(f64, f64)]) -> f64 {
        let mut averages = Averages::default();
        for (units, time) in intervals {
            averages.add(*units, *time, 100.0);
        }
        averages.pace(0.0).unwrap()
    }

    #[test]
    fn even_work_counts_the_same_in_one_report_and_in_many() {
        let (whole, split) = (pace(&[(20.0, 2000.0)]), pace(&[(2.0, 200.0); 10]));
        assert!((whole - 100.0).abs() < 1e-9 && (split - 100.0).abs() < 1e-9, "{whole} {split}");
    }

    #[test]
    fn the_pace_is_a_quotient_of_averages_and_not_an_average_of_speeds() {
        // 10 units at 10 a second, then 10 units at 1 a second: 20 units took 11 s. The mean of the speeds would say 3.6 s.
        let pace = pace(&[(10.0, 1000.0), (10.0, 10_000.0)]);
        assert!(pace > 550.0, "{pace}");
    }

    #[test]
    fn noise_does_not_change_the_pace_and_a_change_does() {
        let mut noisy = [(1.0, 100.0), (1.0, 300.0)].repeat(20);
        noisy.push((1.0, 600.0));
        assert!((pace(&noisy) / 200.0 - 1.0).abs() < 0.2, "{}", pace(&noisy));

        let mut slower = vec![(1.0, 200.0); 30];
        slower.extend([(1.0, 400.0); 12]);
        assert!(pace(&slower) > 350.0, "{}", pace(&slower));
    }

    #[test]
    fn one_stall_fades_soon() {
        let mut intervals = vec![(1.0, 100.0); 20];
        intervals.push((1.0, 60_000.0));
        intervals.extend([(1.0, 100.0); 20]);
        assert!(pace(&intervals) < 150.0, "{}", pace(&intervals));
    }
}
