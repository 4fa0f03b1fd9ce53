//! A step of a job (one entry of the ordered list `steps`) and the weighted mean of a list of steps.

use serde::{Deserialize, Serialize};

use crate::{number::Number, parse_error::from_str};

/// The state of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// Not started.
    Pending,
    /// In progress.
    Running,
    /// Done.
    Completed,
    /// Stopped by an error.
    Failed,
    /// Skipped; it counts as done.
    Skipped,
}

impl StepStatus {
    /// Every state of a step.
    pub const ALL: [StepStatus; 5] =
        [StepStatus::Pending, StepStatus::Running, StepStatus::Completed, StepStatus::Failed, StepStatus::Skipped];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            StepStatus::Pending => "pending",
            StepStatus::Running => "running",
            StepStatus::Completed => "completed",
            StepStatus::Failed => "failed",
            StepStatus::Skipped => "skipped",
        }
    }

    /// The state with this name.
    pub fn parse(word: &str) -> Option<StepStatus> {
        StepStatus::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

from_str!(StepStatus, "a state of a step");

/// One step of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// The machine-readable name of the step, unique in its list.
    pub id: String,
    /// The human-readable name of the step.
    pub label: String,
    /// The state of the step.
    pub status: StepStatus,
    /// Percent done.
    #[cfg_attr(feature = "schema", schemars(range(max = 100)))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Number>,
    /// The weight of the step in the mean of all steps; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Number>,
}

impl Step {
    /// Percent done, 0–100: 100 for a completed or skipped step, else its `progress`, else 0.
    pub fn percent(&self) -> f64 {
        match self.status {
            StepStatus::Completed | StepStatus::Skipped => 100.0,
            _ => self.progress.map_or(0.0, Number::get).clamp(0.0, 100.0),
        }
    }
}

/// The weighted mean of the steps' progress; `None` if there are no steps or their weights add up to 0.
///
/// ```
/// use protocol::step::{Step, StepStatus, weighted_mean};
/// let step = |status, weight| Step {
///     id: "a".into(), label: "A".into(), status, progress: None, weight: protocol::number::Number::new(weight),
/// };
/// assert_eq!(weighted_mean(&[step(StepStatus::Completed, 3.0), step(StepStatus::Pending, 1.0)]), Some(75.0));
/// ```
pub fn weighted_mean(steps: &[Step]) -> Option<f64> {
    // The weights are divided by the largest one, so that a sum of huge numbers stays finite.
    let weight = |step: &Step| step.weight.map_or(1.0, Number::get);
    let largest = steps.iter().map(weight).fold(0.0, f64::max);
    if largest <= 0.0 {
        return None;
    }
    let (done, all) = steps.iter().fold((0.0, 0.0), |(done, all), step| {
        let share = weight(step) / largest;
        (done + share * step.percent(), all + share)
    });
    Some(done / all)
}
