//! The page of a job that this program reports.

use std::{sync::Arc, thread};

use job_progress::Job;

use crate::output::Output;

/// Prints the URL of the page on standard error once the server has answered, without delaying the work.
pub(crate) fn show(job: &Arc<Job>, output: Output) {
    let job = Arc::clone(job);
    thread::spawn(move || match job.links().and_then(|links| links.page) {
        Some(page) => output.notice(format_args!("jp: {page}")),
        // The key cannot read the job, so there is no page.
        None if job.status().is_some() => output.notice(format_args!("jp: job {}", job.id())),
        None => {}
    });
}
