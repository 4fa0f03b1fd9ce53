//! The functions under test, each with the wrong implementations of it.

use engine::{
    accept::{self, Acceptance},
    control::{self, ControlOptions},
    deadline::{self, AlarmOutcome},
    job::Job,
    webhook::outbox::{Outbox, Tried},
};
use protocol::{
    Status, Timestamp,
    control::{Control, ControlRequest},
    report::Reports,
};

use crate::{
    delivery::{Delivery, Reply, Try},
    mutant::Mutant,
};

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
    outbox: &Outbox,
    now: Timestamp,
) -> Option<Timestamp> {
    let due = alarm_due(mutant, job, outbox);
    match mutant {
        Some(Mutant::MovesTheAlarmLater) => Some(due).filter(|due| current != Some(*due)),
        Some(Mutant::NeverMovesTheAlarm) if current.is_some() => None,
        Some(Mutant::AlarmIgnoresDeliveries) => Some(due).filter(|due| current.is_none_or(|current| *due < current)),
        _ => deadline::alarm(current, &as_seen(mutant, job), outbox, now),
    }
}

/// When the alarm is to fire.
pub(crate) fn alarm_due(mutant: Option<Mutant>, job: &Job, outbox: &Outbox) -> Timestamp {
    let job = as_seen(mutant, job);
    match mutant {
        Some(Mutant::AlarmIgnoresDeliveries) => deadline::next_due(&job, outbox).0,
        _ => deadline::alarm_due(&job, outbox),
    }
}

/// When the handler of the alarm wakes if no try ends before.
pub(crate) fn wake_due(
    mutant: Option<Mutant>,
    job: Option<&Job>,
    outbox: &Outbox,
    now: Timestamp,
) -> Option<Timestamp> {
    let job = job.map(|job| as_seen(mutant, job));
    match mutant {
        Some(Mutant::SleepsPastTheNextTry) => job.map(|job| deadline::next_due(&job, outbox).0),
        _ => deadline::wake_due(job.as_ref(), outbox, now),
    }
}

/// Applies the deadline that is due.
pub(crate) fn on_alarm(mutant: Option<Mutant>, job: &Job, outbox: &Outbox, now: Timestamp) -> AlarmOutcome {
    let seen = as_seen(mutant, job);
    let due = deadline::next_due(&seen, outbox).0;
    let outcome = match mutant {
        Some(Mutant::FiresEarly) => deadline::on_alarm(&seen, outbox, due.max(now)),
        Some(Mutant::DeliveriesHoldBackDeadlines) if outbox.next_due().is_some_and(|delivery| delivery < due) => {
            AlarmOutcome::Early(due)
        }
        Some(Mutant::SendingHoldsBackDeadlines) if outbox.is_sending() => AlarmOutcome::Early(due),
        Some(Mutant::ExpiryDoesNotWait) => deadline::on_alarm(&seen, &Outbox::default(), now),
        _ => deadline::on_alarm(&seen, outbox, now),
    };
    let mut next = match outcome {
        AlarmOutcome::Expired if mutant == Some(Mutant::ExpiryWaitsForEver) && !outbox.is_empty() => {
            return AlarmOutcome::Early(due);
        }
        AlarmOutcome::Changed(next) => next,
        outcome => return outcome,
    };
    next.document.timeout_seconds = job.document.timeout_seconds;
    match mutant {
        Some(Mutant::EndsBeforeItsLastChange) => {
            next.document.timed_out_at = next.document.timed_out_at.map(|_| now);
        }
        Some(Mutant::DeadlineHasNoDeliveries) => next.outgoing.deliveries.clear(),
        _ => {}
    }
    AlarmOutcome::Changed(next)
}

/// The numbers of the deliveries to send now.
pub(crate) fn start(
    mutant: Option<Mutant>,
    outbox: &mut Outbox,
    stored: &[Delivery],
    tries: &[Try],
    now: Timestamp,
) -> Vec<u64> {
    let mut numbers = outbox.start(now);
    let is_sent = |delivery: &Delivery| tries.iter().any(|sent| sent.number == delivery.number);
    let due = stored.iter().filter(|delivery| delivery.is_pending() && delivery.due <= now && !is_sent(delivery));
    let waits = |url| stored.iter().any(|other| other.is_pending() && other.url == url && other.due > now);
    let is_first = |delivery: &&Delivery| {
        stored.iter().find(|other| other.is_pending() && other.url == delivery.url).map(|first| first.number)
            == Some(delivery.number)
    };
    match mutant {
        Some(Mutant::FailureLetsTheNextOvertake) => {
            numbers.extend(due.filter(|delivery| waits(delivery.url.clone())).map(|delivery| delivery.number));
        }
        Some(Mutant::SendsAllAtOnce) => numbers.extend(due.filter(is_first).map(|delivery| delivery.number)),
        _ => {}
    }
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The id that a try of a delivery is sent with.
pub(crate) fn id(mutant: Option<Mutant>, delivery: &Delivery) -> String {
    match mutant {
        Some(Mutant::IdChangesWithATry) if delivery.tries > 0 => format!("{}_{}", delivery.id, delivery.tries),
        _ => delivery.id.clone(),
    }
}

/// Notes the response to a try.
pub(crate) fn finish(outbox: &mut Outbox, number: u64, reply: Reply, now: Timestamp) -> Option<Tried> {
    // Without the random part of a wait all times are multiples of a step.
    outbox.finish(number, reply.answer(), now, 0.0, Default::default())
}

/// The outbox after a deletion.
pub(crate) fn emptied(mutant: Option<Mutant>, outbox: &Outbox) -> Outbox {
    match mutant {
        Some(Mutant::DeletionKeepsDeliveries) => outbox.clone(),
        Some(Mutant::DeletionRestartsTheNumbers) => Outbox::default(),
        _ => outbox.emptied(),
    }
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
