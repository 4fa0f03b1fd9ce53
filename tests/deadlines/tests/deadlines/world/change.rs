//! What must hold for every change of the job, when it is committed.

use protocol::{Document, Status, control::ControlRequest};

use super::World;
use crate::{
    delivery::Delivery,
    promise::{EXECUTION, EXPIRY, HEARTBEAT, STALL},
};

/// What a change is made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Creation,
    Report,
    Request(ControlRequest),
    /// A deadline that passes.
    Deadline,
}

/// Checks the change of the job in `world` to `document`, which has these new deliveries.
pub(crate) fn check(world: &World, cause: Cause, document: &Document, new: &[Delivery]) -> Result<(), String> {
    let former = world.job.as_ref().map(|job| &job.document).filter(|_| cause != Cause::Creation);
    if let Some(former) = former {
        change(former, cause, document)?;
        match cause {
            Cause::Request(_) => request(world, document)?,
            Cause::Deadline => deadline(world, former, document)?,
            Cause::Creation | Cause::Report => {}
        }
    }
    deliveries(document, &world.subscribers.of_change(former, document), new)
}

/// Checks the deletion of the job with this document, which has these new deliveries.
pub(crate) fn deletion(world: &World, document: &Document, new: &[Delivery]) -> Result<(), String> {
    deliveries(document, &world.subscribers.of_deletion(document), new)
}

/// Checks that the job may expire.
pub(crate) fn expiry(world: &World) -> Result<(), String> {
    passed(world, EXPIRY)
}

/// Each subscriber is notified of each event that it wants once, with the id of the event, and of nothing else.
fn deliveries(document: &Document, expected: &[(String, String)], new: &[Delivery]) -> Result<(), String> {
    let new: Vec<_> = new.iter().map(|delivery| (delivery.url.0.clone(), delivery.id.clone())).collect();
    if new != expected {
        return Err(format!("a change should have the deliveries {expected:?} and has {new:?}: {document:?}"));
    }
    Ok(())
}

/// A change increases `seq` by one; a job that has ended changes only by a retry, which begins the next attempt.
fn change(former: &Document, cause: Cause, document: &Document) -> Result<(), String> {
    if document.seq != former.seq + 1 {
        return Err(format!("seq {} follows {}", document.seq, former.seq));
    }
    if document.updated_at < former.updated_at {
        return Err(format!("updatedAt precedes the former one in {document:?}"));
    }
    let is_retry = former.status.is_terminal() && cause == Cause::Request(ControlRequest::Retry);
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
fn request(world: &World, document: &Document) -> Result<(), String> {
    match &document.control {
        Some(control) if world.history.requested_at.is_some_and(|last| control.at <= last) => {
            Err(format!("a request has the time of the one before: {document:?}"))
        }
        _ => Ok(()),
    }
}

/// The handler of an alarm does what is due and nothing else.
fn deadline(world: &World, former: &Document, document: &Document) -> Result<(), String> {
    let code = document.error.as_ref().map(|error| error.code.as_str());
    match (document.status, code) {
        (Status::Timeout, Some("EXECUTION_TIMEOUT")) => passed(world, EXECUTION),
        (Status::Timeout, Some("HEARTBEAT_TIMEOUT")) => passed(world, HEARTBEAT),
        (status, _) if status == former.status && document.stalled_since.is_some() => passed(world, STALL),
        _ => Err(format!("an alarm made {document:?}")),
    }
}

/// Whether a deadline may pass now.
fn passed(world: &World, deadline: &str) -> Result<(), String> {
    match world.dues().into_iter().find(|(name, _)| *name == deadline) {
        Some((_, due)) if due <= world.now => Ok(()),
        Some((_, due)) => Err(format!("{deadline} is due at {due} and passed early, at {}", world.now)),
        None => Err(format!("{deadline} passed, which is not set in {:?}", world.job)),
    }
}
