//! What PROTOCOL.md promises about the time of each deadline (sections 4.5 and 17), from what was reported and requested.

use protocol::{Document, Status, Timestamp};

/// A deadline and when it is due.
pub(crate) type Due = (&'static str, Timestamp);

/// The end of a job that took too long, the end of a silent one, the mark of a stalled one, and the deletion.
pub(crate) const EXECUTION: &str = "the execution timeout";
pub(crate) const HEARTBEAT: &str = "the heartbeat timeout";
pub(crate) const STALL: &str = "the stall mark";
pub(crate) const EXPIRY: &str = "the expiry";

/// What is known of a job beside its document.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// When the server accepted the last report of this attempt, by its clock.
    pub(crate) reported_at: Timestamp,
    /// When the attempt was first running.
    pub(crate) started_at: Option<Timestamp>,
    /// Whether a stall mark was set since the last report.
    pub(crate) is_marked: bool,
    /// The highest accepted `order` of this attempt.
    pub(crate) order: Option<u64>,
    /// The time of the last control request of this attempt.
    pub(crate) requested_at: Option<Timestamp>,
    /// Whether the clock was ever changed.
    pub(crate) clock_changed: bool,
}

impl History {
    /// The history of a job that is created at `now`.
    pub(crate) fn new(now: Timestamp, clock_changed: bool) -> History {
        History { reported_at: now, started_at: None, is_marked: false, order: None, requested_at: None, clock_changed }
    }

    /// A report was accepted at `now`; the document before it was last changed at `updated_at`.
    pub(crate) fn report(&mut self, document: &Document, order: Option<u64>, updated_at: Timestamp, now: Timestamp) {
        self.reported_at = now;
        self.is_marked = false;
        self.order = order.or(self.order);
        if document.status == Status::Running && self.started_at.is_none() {
            self.started_at = Some(now.max(updated_at));
        }
    }

    /// The deadlines of the job and when they are due.
    pub(crate) fn dues(&self, document: &Document) -> Vec<Due> {
        let after = |from: Timestamp, seconds: u64| from.plus_millis(seconds * 1_000);
        if document.status.is_terminal() {
            let ended_at = ended_at(document).unwrap_or_default();
            return vec![(EXPIRY, after(ended_at, document.retention_seconds.unwrap_or(30 * 86_400)))];
        }
        let mut dues = vec![(EXPIRY, after(document.updated_at, 30 * 86_400))];
        if let (Some(started_at), Some(seconds)) = (self.started_at, document.timeout_seconds) {
            dues.push((EXECUTION, after(started_at, seconds)));
        }
        if matches!(document.status, Status::Initializing | Status::Running) {
            dues.extend(
                document.heartbeat_timeout_seconds.map(|seconds| (HEARTBEAT, after(self.reported_at, seconds))),
            );
            let stall = document.stalled_after_seconds.filter(|_| !self.is_marked);
            dues.extend(stall.map(|seconds| (STALL, after(self.reported_at, seconds))));
        }
        dues
    }
}

/// When the job ended: the one of the four times that its state names.
pub(crate) fn ended_at(document: &Document) -> Option<Timestamp> {
    match document.status {
        Status::Completed => document.completed_at,
        Status::Failed => document.failed_at,
        Status::Cancelled => document.cancelled_at,
        Status::Timeout => document.timed_out_at,
        _ => None,
    }
}
