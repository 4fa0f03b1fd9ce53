//! What PROTOCOL.md promises about the time of each deadline (sections 4.5 and 17), from what was reported and requested.

use protocol::{Document, Status, Timestamp};

/// A deadline and when it is due.
pub(crate) type Due = (&'static str, Timestamp);

/// The end of a job that took too long, the end of a silent one, the mark of a stalled one, and the deletion.
pub(crate) const EXECUTION: &str = "the execution timeout";
pub(crate) const HEARTBEAT: &str = "the heartbeat timeout";
pub(crate) const STALL: &str = "the stall mark";
pub(crate) const EXPIRY: &str = "the expiry";

/// How many tries a delivery has, how many deliveries are sent at a time, and the milliseconds after which a try without a result
/// is repeated.
pub(crate) const TRIES: u32 = 11;
pub(crate) const AT_ONCE: usize = 5;
pub(crate) const LOST_MS: u64 = 20_000;

/// How many seconds pending deliveries delay the deletion of a job.
const DELIVERING_SECONDS: u64 = 7 * 86_400;

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

    /// The job changed from `former` to `document` at `now`; an attempt begins without a history.
    pub(crate) fn follow(&mut self, former: Option<&Document>, document: &Document, now: Timestamp) {
        if document.attempt > former.map_or(1, |former| former.attempt) {
            *self = History::new(now, self.clock_changed);
        }
    }

    /// The deadlines of the job and when they are due; deliveries are pending or not.
    pub(crate) fn dues(&self, document: &Document, are_pending: bool) -> Vec<Due> {
        let after = |from: Timestamp, seconds: u64| from.plus_millis(seconds * 1_000);
        let delay = if are_pending { DELIVERING_SECONDS } else { 0 };
        if document.status.is_terminal() {
            let retention = document.retention_seconds.unwrap_or(30 * 86_400);
            return vec![(EXPIRY, after(ended_at(document).unwrap_or_default(), retention + delay))];
        }
        let mut dues = vec![(EXPIRY, after(document.updated_at, 30 * 86_400 + delay))];
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
