//! Sending the progress of a job to its parent, at most once a second. These calls are no notices: what is lost with the object is
//! corrected by the next one.

use std::cell::Cell;

use engine::{
    children::PROGRESS_MS,
    throttle::{Due, Plan, Throttle},
};
use protocol::{Timestamp, number::Number};

use crate::js;

/// The progress that the parent was sent, and when it is sent again.
pub(in crate::object) struct ProgressSending {
    /// What it was sent last; `None` if nothing was sent since the object came into memory.
    sent: Cell<Option<Option<Number>>>,
    throttle: Cell<Throttle>,
    is_due: Cell<bool>,
    /// When it is due, if a commit has planned that.
    planned: Cell<Option<Plan>>,
}

impl ProgressSending {
    /// Nothing was sent.
    pub(super) fn new() -> ProgressSending {
        let throttle = Cell::new(Throttle::new(PROGRESS_MS));
        ProgressSending { sent: Cell::default(), throttle, is_due: Cell::default(), planned: Cell::default() }
    }

    /// Notes the progress after a commit.
    pub(super) fn note(&self, progress: Option<Number>, now: Timestamp) {
        if self.sent.get() == Some(progress) {
            return;
        }
        match self.on_throttle(|throttle| throttle.ask(now.millis())) {
            Due::Now => self.is_due.set(true),
            Due::In(plan) => self.planned.set(Some(plan)),
            Due::Planned => {}
        }
    }

    /// When the progress is due, if a commit has planned that.
    pub(super) fn take_plan(&self) -> Option<Plan> {
        self.planned.take()
    }

    /// Notes that the time of a plan has come. Whether a progress is due.
    pub(super) fn begin(&self, plan: Plan) -> bool {
        let is_due = self.throttle.get().holds(plan);
        self.is_due.set(self.is_due.get() || is_due);
        is_due
    }

    /// Whether a progress is due.
    pub(super) fn is_due(&self) -> bool {
        self.is_due.get()
    }

    /// Notes that no progress is due.
    pub(super) fn forget(&self) {
        self.is_due.set(false);
    }

    /// Whether this progress is due, and the parent does not have it.
    pub(super) fn has_to_send(&self, progress: Option<Number>) -> bool {
        self.is_due.get() && self.sent.get() != Some(progress)
    }

    /// Notes how often the parent wants to be sent the progress.
    pub(super) fn set_interval(&self, millis: u64) {
        self.on_throttle(|throttle| throttle.set_interval(millis, PROGRESS_MS));
    }

    /// Notes that the parent is sent this progress now.
    pub(super) fn sends(&self, progress: Option<Number>) {
        self.sent.set(Some(progress));
        self.is_due.set(false);
        self.on_throttle(|throttle| throttle.done(js::now().millis()));
    }

    fn on_throttle<T>(&self, change: impl FnOnce(&mut Throttle) -> T) -> T {
        let mut throttle = self.throttle.get();
        let result = change(&mut throttle);
        self.throttle.set(throttle);
        result
    }
}
