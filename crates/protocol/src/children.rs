//! What the document of a job says of its children: the jobs whose `parentId` it is.

use serde::{Deserialize, Serialize};

use crate::{number::Number, status::Status};

/// The children of a job: how many there are in each state, and how far they are together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Children {
    /// The number of children.
    pub total: u64,
    /// The number of children in each state.
    pub by_status: StatusCounts,
    /// The mean of the progress of all children in percent, where a completed one counts as 100, and one without progress as 0.
    #[cfg_attr(feature = "schema", schemars(range(max = 100)))]
    pub progress: Number,
}

/// A number of jobs for each state.
///
/// ```
/// use protocol::{Status, children::StatusCounts};
/// let mut counts = StatusCounts::default();
/// *counts.of_mut(Status::Failed) = 2;
/// assert_eq!((counts.of(Status::Failed), counts.total()), (2, 2));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StatusCounts {
    /// Those that are `queued`.
    pub queued: u64,
    /// Those that are `initializing`.
    pub initializing: u64,
    /// Those that are `running`.
    pub running: u64,
    /// Those that are `paused`.
    pub paused: u64,
    /// Those that are `completed`.
    pub completed: u64,
    /// Those that are `failed`.
    pub failed: u64,
    /// Those that are `cancelled`.
    pub cancelled: u64,
    /// Those that are `timeout`.
    pub timeout: u64,
}

impl StatusCounts {
    /// The number of jobs in the state.
    pub fn of(mut self, status: Status) -> u64 {
        *self.of_mut(status)
    }

    /// The number of jobs in the state, to be changed.
    pub fn of_mut(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Queued => &mut self.queued,
            Status::Initializing => &mut self.initializing,
            Status::Running => &mut self.running,
            Status::Paused => &mut self.paused,
            Status::Completed => &mut self.completed,
            Status::Failed => &mut self.failed,
            Status::Cancelled => &mut self.cancelled,
            Status::Timeout => &mut self.timeout,
        }
    }

    /// The number of the jobs that have not ended.
    pub fn active(self) -> u64 {
        let active = Status::ALL.into_iter().filter(|status| !status.is_terminal());
        active.fold(0, |sum: u64, status| sum.saturating_add(self.of(status)))
    }

    /// The number of all jobs.
    pub fn total(self) -> u64 {
        Status::ALL.into_iter().fold(0, |sum: u64, status| sum.saturating_add(self.of(status)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_a_number_under_its_name_on_the_wire() {
        for status in Status::ALL {
            let mut counts = StatusCounts::default();
            *counts.of_mut(status) = 3;
            let value = serde_json::to_value(counts).unwrap();
            assert_eq!(value[status.as_str()], 3);
            assert_eq!(value.as_object().unwrap().len(), Status::ALL.len());
            assert_eq!((counts.total(), counts.active() > 0), (3, !status.is_terminal()));
        }
    }
}
