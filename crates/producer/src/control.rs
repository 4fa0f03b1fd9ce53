//! Control requests: the one that is pending, and how the producer waits for one while it has nothing to report.

use protocol::{
    Timestamp,
    control::{Control, ControlRequest},
};

use crate::backoff;

/// The control requests of a job, as its producer knows them.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    pending: Option<Control>,
    /// The last request that the application was notified of.
    notified: Option<(ControlRequest, Timestamp)>,
    /// The `ETag` of the last response to a waiting request.
    pub(crate) etag: Option<String>,
    /// Whether a request waits at the server.
    pub(crate) is_waiting: bool,
    failures: u32,
    /// The time before which no request waits again, in milliseconds.
    pub(crate) not_before_ms: u64,
}

impl Requests {
    /// Sets what a response says is pending. Returns a request of which the application was not notified yet.
    pub(crate) fn set(&mut self, control: Option<Control>) -> Option<Control> {
        self.pending = control;
        let pending = self.pending.clone()?;
        let identity = Some((pending.request, pending.at));
        let is_new = self.notified != identity;
        self.notified = identity;
        is_new.then_some(pending)
    }

    /// Whether this request is pending.
    pub(crate) fn is_pending(&self, request: ControlRequest) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.request == request)
    }

    /// The pending request.
    pub(crate) fn pending(&self) -> Option<&Control> {
        self.pending.as_ref()
    }

    /// A waiting request has been answered by the server.
    pub(crate) fn on_answer(&mut self, etag: Option<String>) {
        self.etag = etag;
        self.failures = 0;
        self.not_before_ms = 0;
    }

    /// A waiting request has failed; `retry_after_ms` is what the server asks for.
    pub(crate) fn on_failure(&mut self, now_ms: u64, retry_after_ms: u64, random: f64) {
        self.failures = self.failures.saturating_add(1);
        self.not_before_ms = now_ms.saturating_add(backoff::wait_ms(self.failures, random).max(retry_after_ms));
    }
}
