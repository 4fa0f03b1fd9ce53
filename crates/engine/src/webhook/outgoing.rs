//! The deliveries that the changes of a job cause.

use std::sync::Arc;

use protocol::{
    Document, Timestamp,
    webhook::{Alert, EventType, Webhook},
};
use serde_json::Value;

use super::{
    delivery::NewDelivery,
    event,
    of_job::{JobWebhook, JobWebhooks},
    payload::{self, Detail},
};
use crate::{crypto::sha256, lifecycle::Lifecycle};

/// The bytes of a digest that identify a job among all jobs of a receiver.
const JOB_BYTES: usize = 12;
/// The bytes of a digest that distinguish the alerts of one change.
const ALERT_BYTES: usize = 4;

/// The deliveries that the changes of a job have caused since its last commit, and the webhooks of its project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outgoing {
    /// The webhooks of the project.
    pub project: Arc<[Webhook]>,
    /// The deliveries to store with the commit, in order.
    pub deliveries: Vec<NewDelivery>,
}

impl Outgoing {
    /// Adds the deliveries of a change to those that are stored with the next commit. `before` is the lifecycle before the
    /// change, and absent for the creation.
    pub(crate) fn add_change(&mut self, webhooks: &mut JobWebhooks, before: Option<Lifecycle>, document: &Document) {
        if webhooks.is_empty() && self.project.is_empty() {
            return;
        }
        let events = event::of_change(before, document);
        if events.contains(&EventType::Retried) {
            webhooks.begin_attempt();
        }
        self.publish(webhooks, document, &events, document.updated_at, true);
    }

    /// Adds the deliveries of the deletion of the job at `now`.
    pub(crate) fn add_deletion(&mut self, webhooks: &mut JobWebhooks, document: &Document, now: Timestamp) {
        self.publish(webhooks, document, &[EventType::Deleted], now, false);
    }

    /// Adds the deliveries of these events and, if values are to be compared, of the thresholds and alerts that the change
    /// has reached. They precede the end of the job.
    fn publish(
        &mut self,
        webhooks: &mut JobWebhooks,
        document: &Document,
        events: &[EventType],
        at: Timestamp,
        compares: bool,
    ) {
        let Outgoing { project, deliveries } = self;
        let JobWebhooks { of_job, gone } = webhooks;
        let is_end = |event: &EventType| {
            matches!(event, EventType::Completed | EventType::Failed | EventType::Cancelled | EventType::Timeout)
        };
        let mut add = |webhook: &Webhook, event: EventType, detail: Detail<'_>| {
            deliveries.push(NewDelivery {
                url: webhook.url.clone(),
                id: id(document, event, detail),
                event,
                payload: payload::text(document, event, at, detail, webhook.include),
                at,
            });
        };
        let has_alerts = of_job.iter().any(|known| !known.webhook.alerts.is_empty());
        let values = (compares && has_alerts).then(|| serde_json::to_value(document).unwrap_or_default());
        for JobWebhook { webhook, reached, crossed } in of_job.iter_mut() {
            let wanted = events.iter().filter(|event| webhook.has(**event));
            wanted.clone().filter(|event| !is_end(event)).for_each(|event| add(webhook, *event, Detail::None));
            if compares {
                let progress = document.progress.map_or(0.0, |progress| progress.get());
                let thresholds = webhook.progress.iter().map(|threshold| threshold.get());
                let passed = thresholds.filter(|threshold| *reached < *threshold && *threshold <= progress);
                if let Some(threshold) = passed.reduce(f64::max) {
                    add(webhook, EventType::Progress, Detail::Threshold(threshold));
                }
                *reached = reached.max(progress);
            }
            for (alert, crossed) in webhook.alerts.iter().zip(crossed) {
                let Some(values) = &values else { break };
                let value = number_at(values, &alert.field);
                let is_crossed = value.is_some_and(|value| alert.bound.is_crossed_by(value));
                if let Some(value) = value.filter(|_| is_crossed && !*crossed) {
                    add(webhook, EventType::Alert, Detail::Alert(alert, value));
                }
                *crossed = is_crossed;
            }
            wanted.filter(|event| is_end(event)).for_each(|event| add(webhook, *event, Detail::None));
        }
        let is_of_project = |webhook: &&Webhook| {
            !gone.contains(&webhook.url) && of_job.iter().all(|known| known.webhook.url != webhook.url)
        };
        for webhook in project.iter().filter(is_of_project) {
            events.iter().filter(|event| webhook.has(**event)).for_each(|event| add(webhook, *event, Detail::None));
        }
    }
}

/// The `webhook-id`: the job, its change, and the event.
fn id(document: &Document, event: EventType, detail: Detail<'_>) -> String {
    let (job, seq) = (id_of_job(&document.job_id, &document.epoch), document.seq);
    let name = event.as_str().trim_start_matches("job.");
    match detail {
        Detail::None => format!("{job}_{seq}_{name}"),
        Detail::Threshold(threshold) => format!("{job}_{seq}_{name}_{threshold}").replace('.', "-"),
        Detail::Alert(Alert { field, bound }, _) => {
            format!("{job}_{seq}_{name}_{}", hex(&format!("{field} {bound:?}"), ALERT_BYTES))
        }
    }
}

/// The part of a `webhook-id` that identifies the job. An epoch alone is too short: a receiver can get the events of millions
/// of jobs.
///
/// ```
/// assert_eq!(engine::webhook::outgoing::id_of_job("import-42", "k3v9a0").len(), 24);
/// ```
pub fn id_of_job(job_id: &str, epoch: &str) -> String {
    hex(&format!("{job_id} {epoch}"), JOB_BYTES)
}

/// The first bytes of a digest, in hexadecimal.
fn hex(text: &str, bytes: usize) -> String {
    sha256(text.as_bytes()).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// The number at a path: the names of members, and the positions in lists, joined by dots.
fn number_at(value: &Value, path: &str) -> Option<f64> {
    path.split('.')
        .try_fold(value, |value, name| match value {
            Value::Object(members) => members.get(name),
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            _ => None,
        })?
        .as_f64()
}

#[cfg(test)]
mod tests;
