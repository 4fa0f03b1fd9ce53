//! The webhooks of projects: the setting `WEBHOOKS`.

use std::{collections::HashMap, sync::Arc};

use protocol::{
    id::is_project,
    limits::{WEBHOOK_URL_BYTES, WEBHOOKS},
    webhook::{EventType, Webhook, WebhookUrl},
};

use super::target::Targets;
use crate::not_configured::NotConfigured;

/// The webhooks of each project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectWebhooks(HashMap<String, Arc<[Webhook]>>);

impl ProjectWebhooks {
    /// Reads the lines `project url [events]`; the events are joined by commas, and all of them if they are absent. Blank
    /// lines and lines that begin with `#` are ignored.
    ///
    /// ```
    /// use engine::webhook::{project::ProjectWebhooks, target::Targets};
    /// let text = "acme https://example.com/hook job.completed,job.failed";
    /// let webhooks = ProjectWebhooks::parse(text, &Targets::Public).unwrap();
    /// assert_eq!(webhooks.of("acme").len(), 1);
    /// ```
    ///
    /// # Errors
    ///
    /// The number of the first line that is wrong, and the reason.
    pub fn parse(text: &str, targets: &Targets) -> Result<ProjectWebhooks, NotConfigured> {
        let mut webhooks: HashMap<String, Vec<Webhook>> = HashMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fault = |fault| NotConfigured::WebhookLine { line: index.saturating_add(1), fault };
            let (project, webhook) = parse_line(line, targets).map_err(fault)?;
            let of_project = webhooks.entry(project.to_owned()).or_default();
            if of_project.iter().any(|earlier| earlier.url == webhook.url) {
                return Err(fault("an earlier line has the same project and URL"));
            }
            if of_project.len() >= WEBHOOKS {
                return Err(fault("a project can have at most 5 lines"));
            }
            of_project.push(webhook);
        }
        Ok(ProjectWebhooks(webhooks.into_iter().map(|(project, webhooks)| (project, webhooks.into())).collect()))
    }

    /// The webhooks of a project.
    pub fn of(&self, project: &str) -> Arc<[Webhook]> {
        self.0.get(project).cloned().unwrap_or_default()
    }
}

fn parse_line<'a>(line: &'a str, targets: &Targets) -> Result<(&'a str, Webhook), &'static str> {
    let mut fields = line.split_ascii_whitespace();
    let (Some(project), Some(url), events, None) = (fields.next(), fields.next(), fields.next(), fields.next()) else {
        return Err("it must have two or three fields separated by spaces: project, URL, events");
    };
    if !is_project(project) {
        return Err("its first field must be a project: 1 to 32 of a-z, 0-9 and -");
    }
    let url = WebhookUrl(url.to_owned());
    if url.0.len() > WEBHOOK_URL_BYTES || targets.check(&url).is_err() {
        return Err("its second field must be an https URL of a public server, or of a host in WEBHOOK_ALLOW");
    }
    let events: Option<Option<Vec<EventType>>> = events.map(|events| events.split(',').map(EventType::parse).collect());
    if events == Some(None) {
        return Err("its third field must be a list without spaces of types such as job.completed");
    }
    let (progress, alerts) = (Vec::new(), Vec::new());
    Ok((project, Webhook { url, events: events.flatten(), progress, alerts, include: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        ProjectWebhooks::parse(text, &Targets::Public).unwrap_err().to_string()
    }

    #[test]
    fn each_project_has_the_webhooks_of_its_lines() {
        let text = "# comment\n\nacme https://example.com/a job.failed\nacme https://example.com/b\nother https://example.com/a";
        let webhooks = ProjectWebhooks::parse(text, &Targets::Public).unwrap();
        let [first, second] = &*webhooks.of("acme") else { panic!() };
        assert!(first.has(EventType::Failed) && !first.has(EventType::Completed) && second.has(EventType::Completed));
        assert_eq!((webhooks.of("other").len(), webhooks.of("third").len()), (1, 0));
    }

    #[test]
    fn the_fault_names_the_line_and_never_quotes_it() {
        let many: Vec<_> = (0..6).map(|index| format!("acme https://example.com/{index}")).collect();
        for (text, part) in [
            ("acme", "Line 1 of WEBHOOKS is invalid: it must have two or three fields"),
            ("\nAcme https://example.com/PLANTED", "Line 2 of WEBHOOKS is invalid: its first field"),
            ("acme http://example.com/PLANTED", "its second field"),
            ("acme https://localhost/PLANTED", "its second field"),
            ("acme https://example.com/PLANTED job.progress", "its third field"),
            (
                "acme https://example.com/a\nacme https://example.com/a",
                "Line 2 of WEBHOOKS is invalid: an earlier line",
            ),
            (&many.join("\n"), "at most 5 lines"),
        ] {
            let fault = fault(text);
            assert!(fault.contains(part) && !fault.contains("PLANTED"), "{fault}");
        }
    }
}
