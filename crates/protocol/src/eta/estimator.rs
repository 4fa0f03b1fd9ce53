//! The estimator: one observation per report in, a completion time and a rate out.

use serde::{Deserialize, Serialize};

use super::{averages::Averages, decay::decay, phase::PhaseKey};
use crate::Timestamp;

/// The most by which one report changes the completion, as a share of the former remaining time.
pub const MAX_JUMP: f64 = 0.25;
/// The longest remaining time that is an estimate: one year, in milliseconds.
const HORIZON: f64 = 365.0 * 86_400_000.0;
/// Two intervals are evidence, or one interval with this share of the work.
const EVIDENCE_SHARE: f64 = 0.05;
const EVIDENCE_COUNT: u32 = 2;
/// A decrease by at most this share is disorder among parallel workers; a larger one is lost work.
const DISORDER: f64 = 0.1;
/// An increase by at most this share is a rounding error of a float, not progress.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// One observation: the progress in a report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When the report was accepted.
    pub at: Timestamp,
    /// Units done (or percent), counted from the start of the work: a job that resumes at 40 % starts with 40.
    pub done: f64,
    /// Units in total (100 for percent), if known.
    pub total: Option<f64>,
    /// What is counted.
    pub phase: PhaseKey,
}

/// Estimates the completion time and the throughput of one attempt of a job from its reports.
///
/// Its size does not depend on the number of reports. It is stored with the document and survives a restart. A new attempt
/// starts with `Estimator::default()`. The same samples give the same results: it reads no clock.
///
/// ```
/// use protocol::{Timestamp, eta::{Estimator, PhaseKey, Sample}};
///
/// let phase = PhaseKey::units(Some("files"), None);
/// let mut estimator = Estimator::default();
/// for (second, done) in [(0, 400.0), (10, 420.0), (20, 440.0)] { // resumed at 40 %
///     estimator.observe(Sample { at: Timestamp::from_millis(second * 1000), done, total: Some(1000.0), phase });
/// }
/// assert_eq!(estimator.rate_per_second(), Some(2.0));
/// assert_eq!(estimator.completion(), Some(Timestamp::from_millis(300_000))); // 560 files in 280 s from second 20
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Estimator(Option<Course>);

/// The state since the first report with the current unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Course {
    #[serde(rename = "p")]
    phase: PhaseKey,
    /// Milliseconds since the epoch of the last observation.
    #[serde(rename = "a")]
    at: u64,
    /// Units done at the start of the course.
    #[serde(rename = "f")]
    from: f64,
    /// Units done in the last report.
    #[serde(rename = "d")]
    done: f64,
    /// The highest `done` that is in the averages.
    #[serde(rename = "m")]
    mark: f64,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    total: Option<f64>,
    /// Milliseconds since the last increase of `mark`.
    #[serde(rename = "w")]
    waited: f64,
    #[serde(rename = "v")]
    averages: Averages,
    /// The result: milliseconds remaining at `at`.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    remaining: Option<f64>,
    /// Whether the job is paused, which stops the clock.
    #[serde(rename = "z", default, skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
}

impl Estimator {
    /// Adds the observation of one report. A sample with a number that is negative or not finite is ignored.
    pub fn observe(&mut self, sample: Sample) {
        let is_count = |number: f64| number.is_finite() && number >= 0.0;
        if !is_count(sample.done) || !sample.total.is_none_or(is_count) {
            return;
        }
        match &mut self.0 {
            Some(course) if course.phase.same_measure(sample.phase) && !course.is_restarted_by(sample) => {
                course.observe(sample)
            }
            course => *course = Some(Course::begin(sample)),
        }
    }

    /// Stops the clock: the time until the next observation does not count as work. Until then there is no result; the next
    /// result continues from the remaining time.
    pub fn pause(&mut self, at: Timestamp) {
        if let Some(course) = &mut self.0
            && !course.paused
        {
            let elapsed = course.advance_clock(at).unwrap_or(0.0);
            course.waited += elapsed;
            course.remaining = course.remaining.and_then(|remaining| decay(remaining, elapsed));
            course.paused = true;
        }
    }

    /// The completion time of the whole job if the total covers it, else of the work in the current unit.
    ///
    /// `None` without a total, before there is evidence, while paused, when no work remains, and after the elapsed time has
    /// refuted the former result.
    #[must_use]
    pub fn completion(&self) -> Option<Timestamp> {
        let course = self.running()?;
        Some(Timestamp::from_millis(course.at).plus_millis(course.remaining?.round().max(1.0) as u64))
    }

    /// Recent units per second, to four significant digits; `None` before there is evidence, while paused, and for percentages.
    #[must_use]
    pub fn rate_per_second(&self) -> Option<f64> {
        let course = self.running().filter(|course| course.phase.counts_units() && course.has_evidence())?;
        Some(to_four_digits(course.averages.rate(course.overdue())?))
    }

    fn running(&self) -> Option<&Course> {
        self.0.as_ref().filter(|course| !course.paused)
    }
}

impl Course {
    fn begin(sample: Sample) -> Self {
        Self {
            phase: sample.phase,
            at: sample.at.millis(),
            from: sample.done,
            done: sample.done,
            mark: sample.done,
            total: sample.total,
            waited: 0.0,
            averages: Averages::default(),
            remaining: None,
            paused: false,
        }
    }

    /// Whether the sample belongs to other work under the same name: the count is back at its first value or below, or it
    /// falls while the total becomes another one.
    fn is_restarted_by(&self, sample: Sample) -> bool {
        let total_differs = match (self.total, sample.total) {
            (Some(before), Some(now)) => (before - now).abs() > DISORDER * before.max(now),
            (before, now) => before != now,
        };
        sample.done < self.from || sample.done < self.done && (sample.done <= self.from || total_differs)
    }

    fn observe(&mut self, sample: Sample) {
        let interval = self.advance_clock(sample.at);
        let elapsed = interval.unwrap_or(0.0);
        let new_step = sample.phase != self.phase;
        if new_step {
            self.averages.begin_step();
        }
        let revised = self.revises(sample);
        self.phase = sample.phase;
        self.done = sample.done;
        self.total = sample.total;
        self.waited += elapsed;
        let advance = self.done - self.mark;
        let progressed = advance > ROUNDING * self.done;
        if progressed {
            if self.averages.began_with_jump(advance, self.waited) {
                self.averages = Averages::default();
                self.from = self.mark;
            }
            if self.averages.is_jump(advance, self.waited) {
                // Skipped work is an offset, like the work before the first report.
                self.averages.add_jump(advance);
                self.from += advance;
            } else if interval.is_some() {
                self.averages.add(advance, self.waited, self.span());
            }
            self.mark = self.done;
            self.waited = 0.0;
        } else if -advance > DISORDER * self.span() {
            self.mark = self.done;
        }
        self.remaining = match self.remaining {
            Some(former) if !new_step && !revised => {
                self.predict().and_then(|remaining| calm(remaining, former, elapsed))
            }
            // After the elapsed time has refuted a result, only progress starts a new one.
            None if !progressed => None,
            _ => self.predict(),
        };
    }

    /// Milliseconds of work since the last observation; `None` if the clock was set back, so that the time is unknown.
    fn advance_clock(&mut self, at: Timestamp) -> Option<f64> {
        let elapsed = at.millis().checked_sub(self.at).map(|elapsed| elapsed as f64);
        self.at = at.millis();
        if std::mem::take(&mut self.paused) { elapsed.map(|_| 0.0) } else { elapsed }
    }

    /// Whether the remaining work differs from the expected one (by the former report and the progress since) by more than
    /// [`MAX_JUMP`]: the total was revised, or work was lost.
    fn revises(&self, sample: Sample) -> bool {
        let (Some(before), Some(now)) = (self.total, sample.total) else { return true };
        let expected = before - sample.done.max(self.done);
        (now - sample.done - expected).abs() > MAX_JUMP * expected.max(0.0)
    }

    /// All the work of this course, in units.
    fn span(&self) -> f64 {
        let counted = self.done.max(self.mark) - self.from;
        self.total.map_or(counted, |total| (total - self.from).max(counted))
    }

    fn has_evidence(&self) -> bool {
        let count = self.averages.count();
        count >= EVIDENCE_COUNT
            || count > 0 && self.total.is_some() && self.mark - self.from >= EVIDENCE_SHARE * self.span()
    }

    /// By how many milliseconds the current wait exceeds the usual one.
    fn overdue(&self) -> f64 {
        (self.waited - self.averages.usual_wait()).max(0.0)
    }

    fn predict(&self) -> Option<f64> {
        let left = self.total? - self.done;
        if left <= 0.0 || !self.has_evidence() {
            return None;
        }
        let overdue = self.overdue();
        let whole = left * self.averages.pace(overdue)?;
        // Part of the usual wait for the next progress has passed: that much of the work in hand is done but not reported.
        let in_hand = self.waited - overdue;
        Some(decay(whole, in_hand.min(whole)).unwrap_or(whole)).filter(|remaining| *remaining <= HORIZON)
    }
}

/// `remaining`, limited to [`MAX_JUMP`] around the former result; `None` if the elapsed time has refuted the former result.
fn calm(remaining: f64, former: f64, elapsed: f64) -> Option<f64> {
    let promised = former - elapsed;
    let step = MAX_JUMP * former;
    (promised >= 0.0).then(|| remaining.max(promised - step).min(promised + step))
}

/// Rounded, so that a document has 0.5 and not 0.49999999999999994.
fn to_four_digits(number: f64) -> f64 {
    let scale = 10_f64.powf(3.0 - number.log10().floor());
    let rounded = (number * scale).round() / scale;
    if rounded.is_finite() && rounded > 0.0 { rounded } else { number }
}
