//! What must hold for deliveries.

use std::collections::HashSet;

use engine::webhook::{delivery::DeliveryStatus, outbox::Tried};
use protocol::{Timestamp, webhook::EventType};

use super::super::World;
use crate::{
    delivery::{self, Delivery, Reply, Try},
    promise::{AT_ONCE, TRIES},
};

/// Checks the deliveries after a step.
pub(super) fn check(world: &World) -> Result<(), String> {
    let is_former = |delivery: &&Delivery| delivery.is_pending() && delivery.event != EventType::Deleted;
    match world.deliveries.iter().find(is_former) {
        Some(delivery) if world.job.is_none() => Err(format!("{} is pending after the deletion", delivery.id)),
        _ => Ok(()),
    }
}

/// The pending deliveries in memory are those in storage.
pub(super) fn memory(world: &World) -> Result<(), String> {
    let stored = delivery::restore(world.outbox.emptied(), &world.deliveries);
    if stored != world.outbox {
        return Err(format!("storage has other deliveries than memory: {stored:?}, {:?}", world.outbox));
    }
    Ok(())
}

/// When the deliveries are due that are not being sent and have no other of their URL before them.
pub(super) fn dues(world: &World) -> Vec<(String, Timestamp)> {
    // What is being sent is due again when it is given up, for which the handler of the alarm wakes. If the clock was set back
    // meanwhile, it learns of that when it wakes.
    let is_sent = |delivery: &&Delivery| world.tries.iter().any(|sent| sent.number == delivery.number);
    if pending(world).filter(is_sent).count() >= AT_ONCE {
        return Vec::new();
    }
    let waiting = heads(world).filter(|delivery| !is_sent(delivery));
    waiting.map(|delivery| (format!("a delivery of {}", delivery.id), delivery.due)).collect()
}

/// Every delivery that is due is being sent, or as many as are sent at a time.
pub(super) fn caught_up(world: &World) -> Result<(), String> {
    let is_waiting = |delivery: &&Delivery| delivery.due <= world.now && !is_being_sent(world, delivery);
    match heads(world).find(is_waiting) {
        Some(Delivery { id, due, .. }) if being_sent(world) < AT_ONCE => {
            Err(format!("a delivery of {id} was due at {due} and was not sent at {}", world.now))
        }
        _ => Ok(()),
    }
}

/// Checks that the try of a delivery may begin, which is the last one in the list.
pub(crate) fn beginning(world: &World, number: u64) -> Result<(), String> {
    let (Some(sent), Some(delivery)) = (world.tries.last(), pending(world).find(|pending| pending.number == number))
    else {
        return Err(format!("delivery {number} is sent and not pending"));
    };
    if sent.id != delivery.id {
        return Err(format!("{} is sent as {}", delivery.id, sent.id));
    }
    if let Some(earlier) = pending(world).find(|earlier| earlier.url == delivery.url && earlier.number < number) {
        return Err(format!("{} overtakes {}", delivery.id, earlier.id));
    }
    match being_sent(world) {
        sent if sent > AT_ONCE => Err(format!("{sent} deliveries are being sent")),
        _ => Ok(()),
    }
}

/// A delivery is pending until its receiver has accepted it, wants nothing any more, or has failed so often.
pub(crate) fn result(
    delivery: &Delivery,
    sent: &Try,
    reply: Reply,
    tried: Tried,
    now: Timestamp,
) -> Result<(), String> {
    if sent.id != delivery.id {
        return Err(format!("{} has the result of {}", delivery.id, sent.id));
    }
    let expected = match reply {
        Reply::Accepted => DeliveryStatus::Delivered,
        Reply::Gone => DeliveryStatus::Gone,
        Reply::Failed if delivery.tries + 1 < TRIES => DeliveryStatus::Pending,
        Reply::Failed => DeliveryStatus::Failed,
    };
    if (tried.status, tried.tries) != (expected, delivery.tries + 1) {
        return Err(format!("{reply:?} makes {tried:?} of {delivery:?}"));
    }
    if expected == DeliveryStatus::Pending && tried.due <= now {
        return Err(format!("{} is tried again at once", delivery.id));
    }
    Ok(())
}

fn pending(world: &World) -> impl Iterator<Item = &Delivery> {
    world.deliveries.iter().filter(|delivery| delivery.is_pending())
}

/// The first pending delivery of each URL.
fn heads(world: &World) -> impl Iterator<Item = &Delivery> {
    let mut seen = HashSet::new();
    pending(world).filter(move |delivery| seen.insert(&delivery.url))
}

/// The number of pending deliveries that are being sent. A request for a job that was deleted meanwhile does not count.
fn being_sent(world: &World) -> usize {
    pending(world).filter(|delivery| is_being_sent(world, delivery)).count()
}

fn is_being_sent(world: &World, delivery: &Delivery) -> bool {
    world.tries.iter().any(|sent| sent.number == delivery.number && sent.is_awaited(world.now))
}
