//! The states of a job and the one table of transitions between them.

use serde::{Deserialize, Serialize};

use crate::parse_error::from_str;

/// The lifecycle state of a job.
///
/// `queued → initializing → running ⇄ paused`, where states may be skipped; any of these → any terminal state.
///
/// ```
/// use protocol::Status;
/// assert!(Status::Queued.may_become(Status::Running));
/// assert!(!Status::Running.may_become(Status::Queued));
/// assert!(!Status::Completed.may_become(Status::Failed));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Submitted and waiting for resources.
    #[default]
    Queued,
    /// Starting up and loading resources.
    Initializing,
    /// Working.
    Running,
    /// Suspended, by a person or by the job itself.
    Paused,
    /// Finished successfully.
    Completed,
    /// Stopped by an error.
    Failed,
    /// Stopped by a person or a system.
    Cancelled,
    /// Stopped because it took longer than allowed.
    Timeout,
}

impl Status {
    /// Every state, in the order in which a job goes through them.
    pub const ALL: [Status; 8] = [
        Status::Queued,
        Status::Initializing,
        Status::Running,
        Status::Paused,
        Status::Completed,
        Status::Failed,
        Status::Cancelled,
        Status::Timeout,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Initializing => "initializing",
            Status::Running => "running",
            Status::Paused => "paused",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
            Status::Timeout => "timeout",
        }
    }

    /// The state with this name.
    pub fn parse(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether the state is final.
    pub fn is_terminal(self) -> bool {
        matches!(self, Status::Completed | Status::Failed | Status::Cancelled | Status::Timeout)
    }

    /// Whether a job in this state may enter `next`. The same state is not a transition and is always allowed.
    pub fn may_become(self, next: Status) -> bool {
        use Status::{Initializing, Paused, Queued, Running};
        if self == next {
            return true;
        }
        match (self, next) {
            (from, _) if from.is_terminal() => false,
            (_, to) if to.is_terminal() => true,
            (Queued, Initializing | Running | Paused) | (Initializing, Running | Paused) => true,
            (Running, Paused) | (Paused, Running) => true,
            _ => false,
        }
    }
}

from_str!(Status, "a state of a job");

/// What a running job is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Substate {
    /// Cold start: loading a model and its dependencies.
    WarmingUp,
    /// Processing its input.
    Processing,
    /// Preparing its output.
    Finalizing,
    /// Transferring its output to storage.
    Uploading,
}

impl Substate {
    /// Every substate, in the usual order.
    pub const ALL: [Substate; 4] =
        [Substate::WarmingUp, Substate::Processing, Substate::Finalizing, Substate::Uploading];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Substate::WarmingUp => "warming_up",
            Substate::Processing => "processing",
            Substate::Finalizing => "finalizing",
            Substate::Uploading => "uploading",
        }
    }

    /// The substate with this name.
    pub fn parse(word: &str) -> Option<Substate> {
        Substate::ALL.into_iter().find(|substate| substate.as_str() == word)
    }
}

from_str!(Substate, "a substate of a job");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transition_table_is_the_one_of_the_protocol() {
        // One row per state, one column per next state, both in the order of `Status::ALL`: `+` allowed, `.` refused, `=` the same.
        let table = ["=+++++++", ".=++++++", "..=+++++", "..+=++++", "....=...", ".....=..", "......=.", ".......="];
        for (from, row) in Status::ALL.into_iter().zip(table) {
            for (to, cell) in Status::ALL.into_iter().zip(row.chars()) {
                assert_eq!(from.may_become(to), cell != '.', "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn every_name_is_parsed_back_and_equals_its_wire_form() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{}\"", status.as_str()));
        }
        for substate in Substate::ALL {
            assert_eq!(Substate::parse(substate.as_str()), Some(substate));
            assert_eq!(serde_json::to_string(&substate).unwrap(), format!("\"{}\"", substate.as_str()));
        }
    }
}
