//! Webhooks: the events of a job, and the URLs that get them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{include::Include, number::Number};

/// The type of an event: the `type` of a delivery's payload (<https://www.standardwebhooks.com>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum EventType {
    /// The job was created and waits.
    #[serde(rename = "job.queued")]
    Queued,
    /// The job runs for the first time in this attempt.
    #[serde(rename = "job.started")]
    Started,
    /// The job paused.
    #[serde(rename = "job.paused")]
    Paused,
    /// The job runs again after a pause.
    #[serde(rename = "job.resumed")]
    Resumed,
    /// No report has arrived for `stalledAfterSeconds`.
    #[serde(rename = "job.stalled")]
    Stalled,
    /// The job completed.
    #[serde(rename = "job.completed")]
    Completed,
    /// The job failed.
    #[serde(rename = "job.failed")]
    Failed,
    /// The job was cancelled.
    #[serde(rename = "job.cancelled")]
    Cancelled,
    /// The job timed out.
    #[serde(rename = "job.timeout")]
    Timeout,
    /// The next attempt began.
    #[serde(rename = "job.retried")]
    Retried,
    /// A control request is pending.
    #[serde(rename = "job.control")]
    Control,
    /// The progress reached a threshold.
    #[serde(rename = "job.progress")]
    Progress,
    /// A value went beyond the bound of an alert.
    #[serde(rename = "job.alert")]
    Alert,
    /// The job was deleted.
    #[serde(rename = "job.deleted")]
    Deleted,
}

impl EventType {
    /// The types that `events` can name. The other two have members of their own: `progress` and `alerts`.
    pub const LISTED: [EventType; 12] = [
        EventType::Queued,
        EventType::Started,
        EventType::Paused,
        EventType::Resumed,
        EventType::Stalled,
        EventType::Completed,
        EventType::Failed,
        EventType::Cancelled,
        EventType::Timeout,
        EventType::Retried,
        EventType::Control,
        EventType::Deleted,
    ];

    /// The name on the wire.
    ///
    /// ```
    /// assert_eq!(protocol::webhook::EventType::Completed.as_str(), "job.completed");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            EventType::Queued => "job.queued",
            EventType::Started => "job.started",
            EventType::Paused => "job.paused",
            EventType::Resumed => "job.resumed",
            EventType::Stalled => "job.stalled",
            EventType::Completed => "job.completed",
            EventType::Failed => "job.failed",
            EventType::Cancelled => "job.cancelled",
            EventType::Timeout => "job.timeout",
            EventType::Retried => "job.retried",
            EventType::Control => "job.control",
            EventType::Progress => "job.progress",
            EventType::Alert => "job.alert",
            EventType::Deleted => "job.deleted",
        }
    }

    /// The type that `events` can name so.
    pub fn parse(word: &str) -> Option<EventType> {
        EventType::LISTED.into_iter().find(|event| event.as_str() == word)
    }
}

/// The URL of a webhook. Its path and query can be secrets, so `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookUrl(pub String);

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookUrl(redacted)")
    }
}

/// A URL with the events of a job that it gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Where deliveries are sent.
    pub url: WebhookUrl,
    /// The types of the events; all of [`EventType::LISTED`] if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventType>>,
    /// The thresholds of the progress, in percent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub progress: Vec<Number>,
    /// The alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Alert>,
    /// Whether payloads have the document instead of the summary, and which parts of it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "include_bits")]
    pub include: Option<Include>,
}

impl Webhook {
    /// Whether the URL gets events of this type. Of `job.progress` and `job.alert` it is decided by their members.
    pub fn has(&self, event: EventType) -> bool {
        self.events.as_ref().is_none_or(|events| events.contains(&event))
    }
}

/// A bound of a number in the document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The path of the number: names, and positions in lists, joined by dots.
    pub field: String,
    /// The bound.
    pub bound: Bound,
}

/// A bound, and the side of it on which an event occurs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// The value is greater than this.
    Above(f64),
    /// The value is less than this.
    Below(f64),
}

impl Bound {
    /// Whether the value is on the side of the event.
    ///
    /// ```
    /// use protocol::webhook::Bound;
    /// assert!(Bound::Above(5.0).is_crossed_by(5.1) && !Bound::Above(5.0).is_crossed_by(5.0));
    /// ```
    pub fn is_crossed_by(self, value: f64) -> bool {
        match self {
            Bound::Above(bound) => value > bound,
            Bound::Below(bound) => value < bound,
        }
    }
}

/// Stores an `include` set as its bits.
mod include_bits {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use crate::include::Include;

    pub(super) fn serialize<S: Serializer>(include: &Option<Include>, serializer: S) -> Result<S::Ok, S::Error> {
        include.map(Include::bits).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Include>, D::Error> {
        Ok(Option::<u8>::deserialize(deserializer)?.map(Include::from_bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_parsed_back_and_equals_its_wire_form() {
        for event in EventType::LISTED {
            assert_eq!(EventType::parse(event.as_str()), Some(event));
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
        }
        for event in [EventType::Progress, EventType::Alert] {
            assert_eq!(EventType::parse(event.as_str()), None);
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
        }
    }

    #[test]
    fn a_url_is_not_in_debug_output() {
        let url = WebhookUrl("https://hooks.example/PLANTED?token=PLANTED".to_owned());
        assert!(!format!("{url:?}").contains("PLANTED"));
    }
}
