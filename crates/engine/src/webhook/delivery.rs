//! Deliveries: one event for one URL, as it is stored, and as `GET …/deliveries` lists it.

use protocol::{
    Timestamp,
    webhook::{EventType, WebhookUrl},
};
use serde::Serialize;

use super::target;

/// A delivery that is stored with its change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// Where it is sent.
    pub url: WebhookUrl,
    /// The `webhook-id`: the same for each try, and for each URL that gets the event.
    pub id: String,
    /// The type of the event.
    pub event: EventType,
    /// The body.
    pub payload: String,
    /// When the change was committed.
    pub at: Timestamp,
}

/// The status of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// It has not been accepted yet and will be tried.
    Pending,
    /// The receiver answered with 2xx.
    Delivered,
    /// The last try failed.
    Failed,
    /// The receiver answered with 410, to this delivery or to an earlier one.
    Gone,
}

impl DeliveryStatus {
    /// The name on the wire and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryStatus::Pending => "pending",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Failed => "failed",
            DeliveryStatus::Gone => "gone",
        }
    }

    /// The status with this name.
    pub fn parse(word: &str) -> Option<DeliveryStatus> {
        use DeliveryStatus::{Delivered, Failed, Gone, Pending};
        [Pending, Delivered, Failed, Gone].into_iter().find(|status| status.as_str() == word)
    }
}

/// A delivery as it is listed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// The number of the delivery in its job, from 1.
    pub number: u64,
    /// The `webhook-id`.
    pub id: String,
    /// The type of the event.
    #[serde(rename = "type")]
    pub event: String,
    /// The origin of the URL, followed by `/…`: the rest can be a secret.
    pub url: String,
    /// The status.
    pub status: DeliveryStatus,
    /// The number of finished tries since the delivery was stored or requested again.
    pub tries: u32,
    /// When the change was committed.
    pub created_at: Timestamp,
    /// When a pending delivery is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Timestamp>,
    /// When the last try ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_try_at: Option<Timestamp>,
    /// The HTTP status of the last response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<u16>,
    /// Why the last try has no response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

impl Delivery {
    /// The form in which the URL is listed.
    pub fn shown_url(url: &WebhookUrl) -> String {
        target::shown(url)
    }
}

/// A page of the deliveries of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeliveryPage {
    /// The job's id.
    pub job_id: String,
    /// The deliveries, by number.
    pub deliveries: Vec<Delivery>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_each_status_is_parsed_back() {
        use DeliveryStatus::{Delivered, Failed, Gone, Pending};
        for status in [Pending, Delivered, Failed, Gone] {
            assert_eq!(DeliveryStatus::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
