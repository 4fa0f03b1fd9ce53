//! Deliveries as the model stores and sends them.

use engine::webhook::{
    delivery::{DeliveryStatus, NewDelivery},
    outbox::{Answer, Outbox},
};
use protocol::{
    Timestamp,
    webhook::{EventType, WebhookUrl},
};

use crate::promise::LOST_MS;

/// A delivery in storage.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) number: u64,
    pub(crate) url: WebhookUrl,
    pub(crate) id: String,
    pub(crate) event: EventType,
    pub(crate) status: DeliveryStatus,
    pub(crate) tries: u32,
    pub(crate) due: Timestamp,
}

impl Delivery {
    pub(crate) fn new(number: u64, new: NewDelivery, due: Timestamp) -> Delivery {
        let NewDelivery { url, id, event, .. } = new;
        Delivery { number, url, id, event, status: DeliveryStatus::Pending, tries: 0, due }
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.status == DeliveryStatus::Pending
    }
}

/// A request to a receiver that has not responded yet.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    pub(crate) number: u64,
    /// The id that it was sent with.
    pub(crate) id: String,
    pub(crate) since: Timestamp,
}

impl Try {
    /// Whether the object still waits for the response, by its clock.
    pub(crate) fn is_awaited(&self, now: Timestamp) -> bool {
        self.since <= now && now < self.since.plus_millis(LOST_MS)
    }
}

/// The response of a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reply {
    /// It accepts the delivery.
    Accepted,
    /// It fails, or does not respond in time.
    Failed,
    /// It wants no more deliveries.
    Gone,
}

impl Reply {
    pub(crate) const ALL: [Reply; 3] = [Reply::Accepted, Reply::Failed, Reply::Gone];

    pub(crate) fn answer(self) -> Answer {
        let status = match self {
            Reply::Accepted => 204,
            Reply::Failed => 500,
            Reply::Gone => 410,
        };
        Answer::Response { status, retry_after: None }
    }
}

/// Adds the pending ones among stored deliveries to an outbox.
pub(crate) fn restore<'a>(mut outbox: Outbox, stored: impl IntoIterator<Item = &'a Delivery>) -> Outbox {
    for delivery in stored.into_iter().filter(|delivery| delivery.is_pending()) {
        outbox.restore(delivery.number, delivery.url.clone(), delivery.tries, delivery.due);
    }
    outbox
}
