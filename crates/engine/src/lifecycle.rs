//! The lifecycle of a job: the parts of its document whose change is sent to viewers and producers at once.

use protocol::{Document, Status, Timestamp, control::ControlRequest};

/// The parts of a document whose change is broadcast without delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    pub(crate) status: Status,
    pub(crate) attempt: u64,
    pub(crate) has_started: bool,
    pub(crate) control: Option<(ControlRequest, Timestamp)>,
    pub(crate) is_stalled: bool,
}

impl Lifecycle {
    /// The lifecycle of the job with this document.
    pub fn of(document: &Document) -> Lifecycle {
        Lifecycle {
            status: document.status,
            attempt: document.attempt,
            has_started: document.started_at.is_some(),
            control: document.control.as_ref().map(|control| (control.request, control.at)),
            is_stalled: document.stalled_since.is_some(),
        }
    }

    /// Whether a producer that waits for a request has to know of the change from `self` to `next`.
    pub fn concerns_producers(self, next: Lifecycle) -> bool {
        let of_producers =
            |lifecycle: Lifecycle| (lifecycle.control, lifecycle.attempt, lifecycle.status.is_terminal());
        of_producers(self) != of_producers(next)
    }
}

#[cfg(test)]
mod tests {
    use protocol::control::Control;

    use super::*;

    #[test]
    fn producers_are_notified_of_requests_ends_and_attempts_and_of_nothing_else() {
        let before = Document::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        let concerns = |change: fn(&mut Document)| {
            let mut after = before.clone();
            change(&mut after);
            Lifecycle::of(&before).concerns_producers(Lifecycle::of(&after))
        };
        assert!(concerns(|document| document.status = Status::Completed));
        assert!(concerns(|document| document.attempt = 2));
        assert!(concerns(|document| {
            let at = Timestamp::from_millis(1);
            document.control = Some(Control { request: ControlRequest::Pause, at, reason: None });
        }));
        assert!(!concerns(|document| document.status = Status::Paused));
        assert!(!concerns(|document| document.stalled_since = Some(Timestamp::from_millis(0))));
        assert!(!concerns(|document| document.message = Some("x".to_owned())));
    }
}
