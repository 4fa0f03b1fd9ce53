//! Control requests: what a person or a system asks of a job, and the request that is pending.

use serde::{Deserialize, Serialize};

use crate::{parse_error::from_str, status::Status, time::Timestamp};

/// A request to the producer of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ControlRequest {
    /// Stop the work for good.
    Cancel,
    /// Suspend the work.
    Pause,
    /// Continue the work.
    Resume,
    /// Start another attempt. The server does it at once, so it is never pending.
    Retry,
}

impl ControlRequest {
    /// Every request.
    pub const ALL: [ControlRequest; 4] =
        [ControlRequest::Cancel, ControlRequest::Pause, ControlRequest::Resume, ControlRequest::Retry];

    /// The requests that a producer lists in `controls`. One that honours `pause` honours `resume` too.
    pub const LISTED: [ControlRequest; 3] = [ControlRequest::Cancel, ControlRequest::Pause, ControlRequest::Retry];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            ControlRequest::Cancel => "cancel",
            ControlRequest::Pause => "pause",
            ControlRequest::Resume => "resume",
            ControlRequest::Retry => "retry",
        }
    }

    /// The request with this name.
    pub fn parse(word: &str) -> Option<ControlRequest> {
        ControlRequest::ALL.into_iter().find(|request| request.as_str() == word)
    }

    /// The name under which `controls` lists this request.
    ///
    /// ```
    /// use protocol::control::ControlRequest;
    /// assert_eq!(ControlRequest::Resume.listed_as(), ControlRequest::Pause);
    /// ```
    #[must_use]
    pub fn listed_as(self) -> ControlRequest {
        if self == ControlRequest::Resume { ControlRequest::Pause } else { self }
    }

    /// Whether a job in this state has done what was requested, or cannot do it any more.
    pub fn is_settled_in(self, status: Status) -> bool {
        let is_paused = status == Status::Paused;
        status.is_terminal()
            || match self {
                ControlRequest::Cancel => false,
                ControlRequest::Pause => is_paused,
                ControlRequest::Resume | ControlRequest::Retry => !is_paused,
            }
    }
}

from_str!(ControlRequest, "a control request");

/// A pending request to the producer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Control {
    /// The request.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["cancel", "pause", "resume"])))]
    pub request: ControlRequest,
    /// When the request was made.
    pub at: Timestamp,
    /// The human-readable reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_parsed_back_and_equals_its_wire_form() {
        for request in ControlRequest::ALL {
            assert_eq!(ControlRequest::parse(request.as_str()), Some(request));
            assert_eq!(serde_json::to_value(request).unwrap(), request.as_str());
        }
    }

    #[test]
    fn a_request_is_settled_by_the_state_that_it_asks_for_and_by_every_end() {
        let settled = |request: ControlRequest| {
            let states =
                Status::ALL.into_iter().filter(|status| !status.is_terminal() && request.is_settled_in(*status));
            states.collect::<Vec<_>>()
        };
        assert_eq!(settled(ControlRequest::Cancel), []);
        assert_eq!(settled(ControlRequest::Pause), [Status::Paused]);
        assert_eq!(settled(ControlRequest::Resume), [Status::Queued, Status::Initializing, Status::Running]);
        for request in ControlRequest::ALL {
            assert!(Status::ALL.into_iter().filter(|s| s.is_terminal()).all(|status| request.is_settled_in(status)));
        }
    }
}
