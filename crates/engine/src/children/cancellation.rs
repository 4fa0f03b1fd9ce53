//! The request to cancel the children of a job, which its object makes after the commit and repeats until each has answered.

use protocol::{Status, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A request to cancel the children of a job, in its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChildrenCancellation {
    /// When it was made. Children that were created before are asked also if the parent learns of them later.
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    force: bool,
    /// Whether each child has answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_done: bool,
}

impl ChildrenCancellation {
    /// A request with this reason, made at `at`; `force` ends the children at once.
    pub fn new(reason: Option<String>, force: bool, at: Timestamp) -> ChildrenCancellation {
        ChildrenCancellation { at, reason, force, is_done: false }
    }

    /// Whether a child may not have answered yet.
    pub fn is_pending(&self) -> bool {
        !self.is_done
    }

    /// When it was made.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The body of the request to a child, which asks its own children too.
    pub fn to_body(&self) -> Vec<u8> {
        json!({ "reason": self.reason, "force": self.force, "children": true }).to_string().into_bytes()
    }

    /// Notes that each child has answered.
    pub fn finish(&mut self) {
        self.is_done = true;
    }

    /// Notes a child of which the parent has learned, which was created at `created_at` and is in this state. Whether it has to
    /// be asked, after all others have answered.
    pub fn concern(&mut self, created_at: Timestamp, status: Status) -> bool {
        let is_concerned = self.is_done && created_at <= self.at && !status.is_terminal();
        self.is_done = self.is_done && !is_concerned;
        is_concerned
    }
}

/// Whether a child has answered, by the status of its response: it is asked, has ended, honours no such request, or does not
/// exist any more. Anything else may pass.
///
/// ```
/// use engine::children::cancellation::is_answered;
/// assert!([200, 404, 409].into_iter().all(is_answered));
/// assert!(![400, 429, 500, 503, 507].into_iter().any(is_answered));
/// ```
pub fn is_answered(status: u16) -> bool {
    matches!(status, 200..=299 | 404 | 409)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_was_created_before_is_asked_also_if_its_first_notice_is_late() {
        let mut cancellation = ChildrenCancellation::new(None, false, Timestamp::from_millis(5));
        assert!(!cancellation.concern(Timestamp::from_millis(5), Status::Running), "it is asked with the others");
        cancellation.finish();
        assert!(!cancellation.concern(Timestamp::from_millis(6), Status::Running), "it was created later");
        assert!(!cancellation.concern(Timestamp::from_millis(5), Status::Failed), "it has ended");
        assert!(!cancellation.is_pending());
        assert!(cancellation.concern(Timestamp::from_millis(5), Status::Queued));
        assert!(cancellation.is_pending());
    }
}
