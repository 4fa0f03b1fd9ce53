//! The last reports of a job that this program reports.

use std::time::Duration;

use job_progress::{DeliveryError, Job};

use crate::output::Output;

/// The longest time for which the last reports are being delivered.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Waits until the last reports are delivered, and says so if they are not. It does not change how the work has ended.
pub(crate) fn finish(job: &Job, output: Output) {
    // Each refusal of the server was a warning already.
    if let Err(error @ DeliveryError::TimedOut) = job.flush(TIMEOUT) {
        output.notice(format_args!("jp: job {}: {error}", job.id()));
    }
}
