//! The functions under test, and wrong implementations of them.

use engine::{
    accept::{self, Acceptance},
    control::{self, ControlOptions},
    deadline::{self, AlarmOutcome},
    job::Job,
};
use protocol::{
    Status, Timestamp,
    control::{Control, ControlRequest},
    report::Reports,
};

/// A wrong implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A report that makes the next deadline later moves the alarm with it.
    MovesTheAlarmLater,
    /// A report that makes the next deadline earlier leaves the alarm where it is.
    NeverMovesTheAlarm,
    /// After a deadline the job is taken to have the alarm that has just fired.
    ForgetsThatTheAlarmHasFired,
    /// An alarm does what is next, without a look at the clock.
    FiresEarly,
    /// The silence of a job that has ended is a deadline.
    FiresAfterTheEnd,
    /// The silence of a paused job is a deadline.
    FiresWhilePaused,
    /// A job that is marked as stalled is marked again.
    MarksAStallTwice,
    /// The execution timeout counts from the last report.
    ReportResetsTheTimeout,
    /// The execution timeout does not count while the job is paused.
    PauseStopsTheTimeout,
    /// Silence counts from the last change of the document, even if that change is not a report.
    EveryChangeIsASignOfLife,
    /// A deadline is recorded with the time of the clock, which may have been set back.
    EndsBeforeItsLastChange,
    /// A report that ends the job leaves the request pending.
    RequestSurvivesTheEnd,
    /// The request that was pending when the job was cancelled is pending in the next attempt.
    CancelSurvivesARetry,
    /// A request has the time of the clock, or of the last change if that is later.
    RequestsShareATime,
    /// The producers of a new attempt continue the numbers of the former one.
    RetryKeepsTheOrders,
    /// The retention counts from the last change before the end.
    RetentionCountsFromTheLastReport,
}

impl Mutant {
    /// Every mutant, and the promise that it is found to break.
    pub(crate) const ALL: [(Mutant, &str); 16] = [
        (Mutant::MovesTheAlarmLater, "the alarm moved"),
        (Mutant::NeverMovesTheAlarm, "before the alarm"),
        (Mutant::ForgetsThatTheAlarmHasFired, "has no alarm"),
        (Mutant::FiresEarly, "passed early"),
        (Mutant::FiresAfterTheEnd, "changed after its end"),
        (Mutant::FiresWhilePaused, "an alarm made"),
        (Mutant::MarksAStallTwice, "which is not set"),
        (Mutant::ReportResetsTheTimeout, "startedAt"),
        (Mutant::PauseStopsTheTimeout, "before the alarm"),
        (Mutant::EveryChangeIsASignOfLife, "before the alarm"),
        (Mutant::EndsBeforeItsLastChange, "precedes"),
        (Mutant::RequestSurvivesTheEnd, "is pending"),
        (Mutant::CancelSurvivesARetry, "an attempt begins with"),
        (Mutant::RequestsShareATime, "has the time of the one before"),
        (Mutant::RetryKeepsTheOrders, "is not accepted"),
        (Mutant::RetentionCountsFromTheLastReport, "expiresAt"),
    ];
}

/// Accepts reports.
pub(crate) fn accept(mutant: Option<Mutant>, job: Job, reports: Reports, now: Timestamp) -> Acceptance {
    let former = job.document.clone();
    let mut acceptance = accept::accept(job, reports, now);
    if !acceptance.changed {
        return acceptance;
    }
    let document = &mut acceptance.job.document;
    match mutant {
        Some(Mutant::ReportResetsTheTimeout) => {
            document.started_at = document.started_at.map(|started| started.max(now));
        }
        Some(Mutant::RequestSurvivesTheEnd) if document.status.is_terminal() => document.control = former.control,
        Some(Mutant::EveryChangeIsASignOfLife) => acceptance.job.record.reported_at = None,
        Some(Mutant::RetentionCountsFromTheLastReport) if document.status.is_terminal() => {
            let seconds = document.retention_seconds.unwrap_or_default();
            document.expires_at = Some(former.updated_at.plus_millis(seconds * 1_000));
        }
        _ => {}
    }
    acceptance
}

/// Applies a control request; `None` if it is refused.
pub(crate) fn control(
    mutant: Option<Mutant>,
    job: Job,
    request: ControlRequest,
    options: ControlOptions,
    now: Timestamp,
) -> Option<(Job, bool)> {
    let former = job.clone();
    let (mut job, changed) = control::apply(job, request, options, now).ok()?;
    match mutant {
        Some(Mutant::CancelSurvivesARetry)
            if request == ControlRequest::Retry && former.document.status == Status::Cancelled =>
        {
            let at = former.document.updated_at;
            job.document.control = Some(Control { request: ControlRequest::Cancel, at, reason: None });
        }
        Some(Mutant::RequestsShareATime) => {
            if let Some(control) = job.document.control.as_mut().filter(|_| changed) {
                control.at = now.max(former.document.updated_at);
                job.document.updated_at = control.at;
            }
        }
        Some(Mutant::RetryKeepsTheOrders) => job.record.orders = former.record.orders,
        _ => {}
    }
    Some((job, changed))
}

/// The new time of the alarm.
pub(crate) fn alarm(
    mutant: Option<Mutant>,
    current: Option<Timestamp>,
    job: &Job,
    now: Timestamp,
) -> Option<Timestamp> {
    let job = &as_seen(mutant, job);
    match mutant {
        Some(Mutant::MovesTheAlarmLater) => Some(deadline::next_due(job).0).filter(|due| current != Some(*due)),
        Some(Mutant::NeverMovesTheAlarm) if current.is_some() => None,
        _ => deadline::alarm(current, job, now),
    }
}

/// Handles an alarm.
pub(crate) fn on_alarm(mutant: Option<Mutant>, job: &Job, now: Timestamp) -> AlarmOutcome {
    let seen = as_seen(mutant, job);
    let pretended = if mutant == Some(Mutant::FiresEarly) { deadline::next_due(&seen).0.max(now) } else { now };
    let outcome = deadline::on_alarm(&seen, pretended);
    let AlarmOutcome::Changed(mut next) = outcome else { return outcome };
    next.document.timeout_seconds = job.document.timeout_seconds;
    match mutant {
        Some(Mutant::ForgetsThatTheAlarmHasFired) => next.record.alarm = job.record.alarm,
        Some(Mutant::EndsBeforeItsLastChange) => {
            next.document.timed_out_at = next.document.timed_out_at.map(|_| now);
        }
        _ => {}
    }
    AlarmOutcome::Changed(next)
}

/// The job as a mutant sees it when it looks for deadlines.
fn as_seen(mutant: Option<Mutant>, job: &Job) -> Job {
    let mut job = job.clone();
    let document = &mut job.document;
    match mutant {
        Some(Mutant::FiresAfterTheEnd) if document.status.is_terminal() => document.status = Status::Running,
        Some(Mutant::FiresWhilePaused) if document.status == Status::Paused => document.status = Status::Running,
        Some(Mutant::MarksAStallTwice) => document.stalled_since = None,
        Some(Mutant::PauseStopsTheTimeout) if document.status == Status::Paused => document.timeout_seconds = None,
        _ => {}
    }
    job
}
