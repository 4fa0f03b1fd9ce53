//! The webhooks of a job: which reports may set them, and the state of their thresholds and alerts.

use protocol::{
    Problem,
    id::JobId,
    report::Reports,
    webhook::{Webhook, WebhookUrl},
};
use serde::{Deserialize, Serialize};

use super::target::Targets;
use crate::{
    grant::{Cause, Denied},
    permission::{Permission, Permissions},
};

/// The webhooks that the reports of a job have set, as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobWebhooks {
    pub(super) of_job: Vec<JobWebhook>,
    /// The URLs that answered with 410; no event of this job is sent there any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) gone: Vec<WebhookUrl>,
}

/// A webhook, and the state of its thresholds and alerts in this attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobWebhook {
    pub(super) webhook: Webhook,
    /// The highest progress.
    pub(super) reached: f64,
    /// Of each alert, whether the value was on the side of the event after the last change.
    pub(super) crossed: Vec<bool>,
}

impl JobWebhooks {
    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.of_job.is_empty() && self.gone.is_empty()
    }

    /// Replaces the webhooks. One that was there before keeps its thresholds and alerts as they are.
    pub(crate) fn set(&mut self, webhooks: Vec<Webhook>) {
        self.gone.retain(|gone| webhooks.iter().all(|webhook| webhook.url != *gone));
        let former = std::mem::take(&mut self.of_job);
        let with_state = |webhook: Webhook| match former.iter().find(|former| former.webhook == webhook) {
            Some(former) => former.clone(),
            None => JobWebhook { reached: 0.0, crossed: vec![false; webhook.alerts.len()], webhook },
        };
        self.of_job = webhooks.into_iter().map(with_state).collect();
    }

    /// Ends the webhook of a URL whose receiver is gone.
    pub fn end(&mut self, url: &WebhookUrl) {
        self.of_job.retain(|known| known.webhook.url != *url);
        if !self.gone.contains(url) {
            self.gone.push(url.clone());
        }
    }

    pub(super) fn begin_attempt(&mut self) {
        for JobWebhook { reached, crossed, .. } in &mut self.of_job {
            *reached = 0.0;
            crossed.fill(false);
        }
    }
}

/// Checks the webhooks in reports: their URLs, and that the credential may read the job, since deliveries show it. `held` are
/// the permissions of a credential that may not.
///
/// # Errors
///
/// `ACCESS_DENIED`, or `INVALID_REQUEST` that names the field.
pub fn check(reports: &Reports, targets: &Targets, held: Option<Permissions>, job_id: &str) -> Result<(), Problem> {
    let (reports, is_list) = match reports {
        Reports::One(report) => (std::slice::from_ref(&**report), false),
        Reports::Many(reports) => (reports.as_slice(), true),
    };
    for (index, report) in reports.iter().enumerate() {
        let Some(webhooks) = &report.webhooks else { continue };
        if let Some(held) = held {
            let (required, job_id) = (Permission::Read, JobId::parse(job_id));
            return Err(Denied { required, held, job_id, cause: Cause::Permission }.into());
        }
        for (place, webhook) in webhooks.iter().enumerate() {
            if let Err(rule) = targets.check(&webhook.url) {
                let problem = Problem::invalid(&format!("webhooks[{place}].url"), rule);
                return Err(if is_list { problem.with("index", index) } else { problem });
            }
        }
    }
    Ok(())
}
