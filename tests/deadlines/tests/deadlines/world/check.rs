//! What must hold after every step.

pub(crate) mod deliveries;

use protocol::{Document, Status, Timestamp, control::ControlRequest};

use super::World;
use crate::{
    delivery::Reply,
    promise::{Due, EXPIRY, ended_at},
    step::Step,
};

/// An alarm that is so late was lost, and a change may set it again.
const LOST_ALARM_MS: u64 = 120_000;

/// A document can be ahead of the clock by a millisecond for each request, since no two requests have the same time.
const AHEAD_MS: u64 = 200;

impl World {
    /// The world after a step; fails with the promise that it breaks. A step that is not possible now changes nothing.
    pub(crate) fn after(&self, step: Step) -> Result<World, String> {
        let mut next = self.clone();
        next.take(step)?;
        check(self, step, &next)?;
        Ok(next)
    }

    /// Lets the alarm fire and all receivers respond with `reply` until nothing is left, and fails if that takes more steps
    /// than a job can need.
    pub(crate) fn run_until_deletion(self, reply: Reply) -> Result<(), String> {
        let mut world = self;
        // For a job: an alarm that a report has made too early, the mark of a stall, the end, the alarm of a deadline that the
        // end has made void, and the expiry. For a delivery: the alarm and the response of each try, and in a job that ends on
        // the way there are up to twelve more.
        let tries = if reply == Reply::Accepted { 1 } else { 11 };
        let most = 5 + 2 * tries * (world.deliveries.len() + 12);
        for _ in 0..most {
            if world.is_empty() {
                return Ok(());
            }
            world = world.after(if world.tries.is_empty() { Step::Alarm } else { Step::Respond(0, reply) })?;
        }
        Err(format!("the job is never deleted: {:?} {:?}", world.job, world.deliveries))
    }
}

/// Checks a step from `before` to `after`.
fn check(before: &World, step: Step, after: &World) -> Result<(), String> {
    alarm(before, step, after)?;
    memory(after)?;
    deliveries::check(after)?;
    let Some(job) = &after.job else { return Ok(()) };
    times(&job.document, after)?;
    state(&job.document)
}

/// The alarm is set for the earliest due time or for an earlier time, or its handler wakes by then; and a report never moves it
/// to a later time.
fn alarm(before: &World, step: Step, after: &World) -> Result<(), String> {
    if after.is_empty() {
        return after.alarm.map_or(Ok(()), |alarm| Err(format!("a job that is deleted has an alarm at {alarm}")));
    }
    let (what, next) = match (after.handler, after.alarm) {
        (Some(handler), _) => ("the handler wakes", handler.wakes_at),
        (None, Some(alarm)) => ("the alarm", alarm),
        (None, None) => return Err(format!("the job has no alarm: {:?} {:?}", after.job, after.deliveries)),
    };
    let (expiry, deadlines): (Vec<_>, Vec<_>) = after.dues().into_iter().partition(|(due, _)| *due == EXPIRY);
    let named = |(due, at): Due| (due.to_owned(), at);
    // If the object was killed, deliveries and what waits for them wait until a lost try would have been given up.
    let waits = |(due, at): (String, Timestamp)| (due, after.recovers_by.map_or(at, |by| by.max(at)));
    let waiting = expiry.into_iter().map(named).chain(deliveries::dues(after)).map(waits);
    let mut dues = deadlines.into_iter().map(named).chain(waiting);
    // What should have been done by now is done as soon as possible.
    if let Some((due, at)) = dues.find(|(_, at)| *at < next && next > after.now) {
        return Err(format!("{due} is due at {at}, before {what} at {next}"));
    }
    let may_move = matches!(step, Step::Alarm | Step::AlarmNow | Step::Delete);
    // A record that was stored while the handler was active may not have the alarm.
    match before.job.as_ref().and_then(|job| job.record.alarm) {
        Some(former) if !may_move && before.handler.is_none() && after.handler.is_none() => {
            if former < next && former.plus_millis(LOST_ALARM_MS) >= after.now {
                return Err(format!("the alarm moved from {former} to {next}"));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// After the handler of the alarm has done what was due, nothing else is due.
pub(crate) fn caught_up(world: &World) -> Result<(), String> {
    if let Some((what, due)) = world.dues().into_iter().find(|(_, due)| *due <= world.now) {
        return Err(format!("{what} was due at {due} and did not pass at {}", world.now));
    }
    deliveries::caught_up(world)
}

/// Unless the handler of the alarm is active, the object may leave memory: what it has there is what it would load.
fn memory(world: &World) -> Result<(), String> {
    if world.handler.is_some() {
        return Ok(());
    }
    if let Some(job) = &world.job {
        let alarm = job.record.alarm;
        if alarm != world.stored_alarm {
            return Err(format!("storage has the alarm {:?}, memory {alarm:?}", world.stored_alarm));
        }
        // A record that was stored while the handler was active has none if the object was killed then.
        if alarm.is_some() && alarm != world.alarm {
            return Err(format!("the alarm is set for {:?}, but the record has {alarm:?}", world.alarm));
        }
    }
    deliveries::memory(world)
}

/// What must hold in every document.
fn state(document: &Document) -> Result<(), String> {
    let (status, is_terminal) = (document.status, document.status.is_terminal());
    if let Some(control) = &document.control {
        let may_be_pending = match control.request {
            ControlRequest::Cancel | ControlRequest::Pause | ControlRequest::Resume => {
                !is_terminal && status != Status::Queued
            }
            ControlRequest::Retry => false,
        };
        if !may_be_pending {
            return Err(format!("{:?} is pending in {document:?}", control.request));
        }
    }
    if document.stalled_since.is_some() && !matches!(status, Status::Initializing | Status::Running) {
        return Err(format!("stalledSince in {document:?}"));
    }
    let retention = document.retention_seconds.unwrap_or(30 * 86_400);
    let expires_at = ended_at(document).map(|ended| ended.plus_millis(retention * 1_000));
    if is_terminal != expires_at.is_some() || document.expires_at != expires_at {
        return Err(format!("expiresAt in {document:?}"));
    }
    let ends = [document.completed_at, document.failed_at, document.cancelled_at, document.timed_out_at];
    if ends.into_iter().flatten().count() != usize::from(is_terminal) {
        return Err(format!("times of the end in {document:?}"));
    }
    Ok(())
}

/// No time of a document precedes one that it follows, and no duration is negative.
fn times(document: &Document, after: &World) -> Result<(), String> {
    if document.started_at != after.history.started_at {
        return Err(format!("startedAt should be {:?} in {document:?}", after.history.started_at));
    }
    let former = document.attempts.iter().flatten().flat_map(|former| [former.started_at, Some(former.ended_at)]);
    let ordered = |times: &[Option<Timestamp>]| times.iter().flatten().is_sorted();
    let begin: Vec<_> = [Some(document.created_at)].into_iter().chain(former).collect();
    let requested_at = document.control.as_ref().map(|control| control.at);
    for (since, last) in [
        (document.started_at, document.stalled_since),
        (document.started_at, ended_at(document)),
        // A request can precede the start, and the mark of a stall is of an earlier time than the mark itself.
        (None, requested_at),
    ] {
        if !ordered(&[begin.as_slice(), &[since, last, Some(document.updated_at)]].concat()) {
            return Err(format!("a time precedes one that it follows in {document:?}"));
        }
    }
    let reported_at = after.history.reported_at;
    let is_near = |since: &Timestamp| (reported_at..reported_at.plus_millis(AHEAD_MS)).contains(since);
    if !after.history.clock_changed && !document.stalled_since.iter().all(is_near) {
        return Err(format!("stalledSince is not the time of the last report in {document:?}"));
    }
    let taken = document.started_at.zip(ended_at(document)).map(|(started, ended)| ended.seconds_since(started));
    if document.execution_time.map(|seconds| seconds.get()) != taken {
        return Err(format!("executionTime in {document:?}"));
    }
    Ok(())
}
