//! What a server counts for `GET /metrics`.
//!
//! A server has one isolate, so its requests share this variable. On Cloudflare nothing is counted.

use std::cell::RefCell;

use engine::metrics::Metrics;
use protocol::Timestamp;

use crate::js;

thread_local! {
    static METRICS: RefCell<Metrics> = RefCell::default();
}

/// The metrics as text; `jobs` is the number of jobs that may be in memory now.
pub(crate) fn text(jobs: Option<usize>) -> String {
    METRICS.with_borrow(|metrics| metrics.text(jobs))
}

/// Changes the counts.
pub(crate) fn count(change: impl FnOnce(&mut Metrics)) {
    METRICS.with_borrow_mut(change);
}

/// Counts the response to a request that arrived at `began`.
pub(crate) fn answered(route: &'static str, status: u16, began: Timestamp) {
    let millis = js::now().millis().saturating_sub(began.millis());
    count(|metrics| metrics.answered(route, status, millis));
}

/// An open stream that is counted; it ends when the value is dropped.
pub(crate) struct OpenStream(());

impl OpenStream {
    /// Counts it.
    pub(crate) fn count() -> OpenStream {
        count(Metrics::stream_opened);
        OpenStream(())
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        // While the thread ends, there are no counts any more.
        let _ = METRICS.try_with(|metrics| metrics.borrow_mut().stream_ended());
    }
}
