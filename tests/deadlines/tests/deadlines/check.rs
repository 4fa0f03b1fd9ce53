//! What must hold after every step.

use protocol::{Document, Status, Timestamp, control::ControlRequest};

use crate::{
    promise::{EXECUTION, EXPIRY, HEARTBEAT, STALL, ended_at},
    step::Step,
    world::World,
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

    /// Lets the alarm fire until the job is deleted, and fails if it is not deleted after as many alarms as a job can need.
    pub(crate) fn run_until_deletion(self) -> Result<(), String> {
        let mut world = self;
        // An alarm that a report has made too early, the mark of a stall, the end, the alarm of a deadline that the end has made
        // void, and the expiry.
        for _ in 0..5 {
            world = world.after(Step::Alarm)?;
        }
        match &world.job {
            None => Ok(()),
            Some(job) => Err(format!("the job is never deleted: {:?}", job.document)),
        }
    }
}

/// Checks a step from `before` to `after`.
fn check(before: &World, step: Step, after: &World) -> Result<(), String> {
    alarm(before, step, after)?;
    let Some(job) = &after.job else {
        return match before.job {
            Some(_) => passed(before, EXPIRY, after.now),
            None => Ok(()),
        };
    };
    let document = &job.document;
    if let Some(former) = before.job.as_ref().filter(|_| !matches!(step, Step::Replace(_))) {
        change(&former.document, step, document)?;
        if matches!(step, Step::Control(..)) {
            request(before, &former.document, document)?;
        }
        if matches!(step, Step::Alarm | Step::AlarmNow) {
            deadline(before, &former.document, document, after.now)?;
        }
    }
    times(document, after)?;
    state(document)
}

/// The alarm is set for the earliest due time or for an earlier time, and a report never moves it to a later time.
fn alarm(before: &World, step: Step, after: &World) -> Result<(), String> {
    let Some(job) = &after.job else {
        return after.alarm.map_or(Ok(()), |alarm| Err(format!("a job that is deleted has an alarm at {alarm}")));
    };
    let Some(alarm) = after.alarm else { return Err(format!("the job has no alarm: {:?}", job.document)) };
    if job.record.alarm != after.alarm {
        return Err(format!("the alarm is set for {alarm}, but the record has {:?}", job.record.alarm));
    }
    if let Some((what, due)) = after.history.dues(&job.document).into_iter().find(|(_, due)| *due < alarm) {
        return Err(format!("{what} is due at {due}, before the alarm at {alarm}"));
    }
    let has_fired = matches!(step, Step::Alarm | Step::AlarmNow);
    match before.alarm {
        Some(former) if !has_fired && former < alarm && former.plus_millis(LOST_ALARM_MS) >= after.now => {
            Err(format!("the alarm moved from {former} to {alarm}"))
        }
        _ => Ok(()),
    }
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

/// A change increases `seq` by one; a job that has ended changes only by a retry, which begins the next attempt.
fn change(former: &Document, step: Step, document: &Document) -> Result<(), String> {
    if former == document {
        return Ok(());
    }
    if document.seq != former.seq + 1 {
        return Err(format!("seq {} follows {}", document.seq, former.seq));
    }
    if document.updated_at < former.updated_at {
        return Err(format!("updatedAt precedes the former one in {document:?}"));
    }
    let is_retry = former.status.is_terminal() && step == Step::Control(ControlRequest::Retry, false);
    if former.status.is_terminal() && !is_retry {
        return Err(format!("the job changed after its end: {document:?}"));
    }
    if document.attempt != former.attempt + u64::from(is_retry) {
        return Err(format!("attempt {} follows {}", document.attempt, former.attempt));
    }
    if is_retry && (document.status != Status::Queued || document.control.is_some()) {
        return Err(format!("an attempt begins with {document:?}"));
    }
    Ok(())
}

/// Each request of an attempt has a later time than the one before, so that they can be distinguished.
fn request(before: &World, former: &Document, document: &Document) -> Result<(), String> {
    let (at, last) = (document.control.as_ref().map(|control| control.at), before.history.requested_at);
    match document.control {
        Some(_) if former != document && at <= last => {
            Err(format!("a request has the time of the one before: {document:?}"))
        }
        _ => Ok(()),
    }
}

/// An alarm does what is due and nothing else.
fn deadline(before: &World, former: &Document, document: &Document, now: Timestamp) -> Result<(), String> {
    if former == document {
        let due = before.history.dues(former).into_iter().find(|(_, due)| *due <= now);
        return match due.filter(|_| before.alarm.is_some()) {
            Some((what, due)) => Err(format!("{what} was due at {due} and did not pass at {now}")),
            None => Ok(()),
        };
    }
    let code = document.error.as_ref().map(|error| error.code.as_str());
    match (document.status, code) {
        (Status::Timeout, Some("EXECUTION_TIMEOUT")) => passed(before, EXECUTION, now),
        (Status::Timeout, Some("HEARTBEAT_TIMEOUT")) => passed(before, HEARTBEAT, now),
        (status, _) if status == former.status && document.stalled_since.is_some() => passed(before, STALL, now),
        _ => Err(format!("an alarm made {document:?}")),
    }
}

/// Whether a deadline may pass at `now`.
fn passed(before: &World, deadline: &str, now: Timestamp) -> Result<(), String> {
    let Some(job) = &before.job else { return Ok(()) };
    match before.history.dues(&job.document).into_iter().find(|(name, _)| *name == deadline) {
        Some((_, due)) if due <= now => Ok(()),
        Some((_, due)) => Err(format!("{deadline} is due at {due} and passed early, at {now}")),
        None => Err(format!("{deadline} passed, which is not set in {:?}", job.document)),
    }
}
