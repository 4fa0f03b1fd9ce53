//! The field `webhooks`: the webhooks of a job.

use serde_json::Value;

use crate::{
    fields::{self, Fields},
    form::Form,
    include::Include,
    limits::{NAME_BYTES, WEBHOOK_ALERTS, WEBHOOK_THRESHOLDS, WEBHOOK_URL_BYTES, WEBHOOKS},
    number::Number,
    problem::Problem,
    webhook::{Alert, Bound, EventType, Webhook, WebhookUrl},
};

/// A list of at most [`WEBHOOKS`] webhooks, each with a URL of its own. Which URLs are allowed is the server's policy.
#[derive(Debug)]
pub struct Webhooks;

/// The least threshold of the progress, in percent.
const LEAST_THRESHOLD: f64 = 1.0;

/// The parts of a document that a payload can have. It cannot have the log, which is not part of the stored document.
const PARTS: [&str; 2] = ["metrics", "resources"];

impl Form for Webhooks {
    type Value = Vec<Webhook>;
    #[cfg(feature = "schema")]
    type Schema = Self;

    fn read(value: Value, name: &str) -> Result<Vec<Webhook>, Problem> {
        let webhooks = fields::list(value, name, WEBHOOKS, webhook)?;
        let is_repeated =
            |(index, webhook): (usize, &Webhook)| webhooks.iter().take(index).any(|earlier| earlier.url == webhook.url);
        match webhooks.iter().enumerate().position(is_repeated) {
            None => Ok(webhooks),
            Some(index) => Err(Problem::invalid(&format!("{name}[{index}].url"), "is the URL of an earlier item")),
        }
    }
}

fn webhook(value: Value, name: &str) -> Result<Webhook, Problem> {
    let mut fields = Fields::of(value, name)?;
    let word = |value, name: &str| fields::word(value, name, EventType::LISTED, EventType::as_str);
    let part = |value, name: &str| fields::word(value, name, PARTS, |part| part);
    let webhook = Webhook {
        url: WebhookUrl(fields.required("url", |value, name| fields::string(value, name, WEBHOOK_URL_BYTES))?),
        events: fields.optional("events", |v, n| fields::list(v, n, EventType::LISTED.len(), word))?,
        progress: fields.optional("progress", thresholds)?.unwrap_or_default(),
        alerts: fields.optional("alerts", alerts)?.unwrap_or_default(),
        include: fields
            .optional("include", |v, n| fields::list(v, n, PARTS.len(), part))?
            .map(|parts| Include::parse(parts).unwrap_or_default()),
    };
    fields.finish("a webhook")?;
    Ok(webhook)
}

/// Reads the thresholds of the progress. 0 is none, because every progress reaches it.
fn thresholds(value: Value, name: &str) -> Result<Vec<Number>, Problem> {
    fields::list(value, name, WEBHOOK_THRESHOLDS, |value, name| {
        let threshold = fields::percent(value, name)?;
        if threshold.get() < LEAST_THRESHOLD {
            return Err(Problem::invalid(name, "must be a number from 1 to 100"));
        }
        Ok(threshold)
    })
}

fn alerts(value: Value, name: &str) -> Result<Vec<Alert>, Problem> {
    let alerts = fields::list(value, name, WEBHOOK_ALERTS, alert)?;
    match fields::first_repeated(&alerts, PartialEq::eq) {
        None => Ok(alerts),
        Some(index) => Err(Problem::invalid(&format!("{name}[{index}]"), "is an earlier item")),
    }
}

fn alert(value: Value, name: &str) -> Result<Alert, Problem> {
    let mut fields = Fields::of(value, name)?;
    let field = fields.required("field", |value, name| fields::string(value, name, NAME_BYTES))?;
    let bound = match (fields.optional("above", finite)?, fields.optional("below", finite)?) {
        (Some(above), None) => Bound::Above(above),
        (None, Some(below)) => Bound::Below(below),
        _ => return Err(Problem::invalid(name, "must have either `above` or `below`")),
    };
    fields.finish("an alert")?;
    Ok(Alert { field, bound })
}

/// Reads any finite number: unlike other numbers of a report, a bound may be negative.
fn finite(value: Value, name: &str) -> Result<f64, Problem> {
    let number = value.as_f64().filter(|number| number.is_finite());
    number.ok_or_else(|| Problem::invalid(name, "must be a finite number"))
}

/// The schema of an alert with this bound and without the other one.
#[cfg(feature = "schema")]
fn one_bound(bound: &str, other: &str) -> Value {
    serde_json::json!({
        "required": [bound],
        "properties": { bound: { "type": "number" }, other: { "type": "null" } }
    })
}

#[cfg(feature = "schema")]
crate::schema::inline_schema!(Webhooks, "Webhooks", {
    "type": "array",
    "maxItems": WEBHOOKS,
    "items": {
        "type": "object",
        "required": ["url"],
        "additionalProperties": false,
        "properties": {
            "url": { "type": "string", "format": "uri", "maxLength": WEBHOOK_URL_BYTES },
            "events": {
                "type": ["array", "null"],
                "items": { "enum": EventType::LISTED.map(EventType::as_str) },
                "maxItems": EventType::LISTED.len()
            },
            "progress": {
                "type": ["array", "null"],
                "items": { "type": "number", "minimum": LEAST_THRESHOLD, "maximum": 100 },
                "maxItems": WEBHOOK_THRESHOLDS
            },
            "alerts": {
                "type": ["array", "null"],
                "maxItems": WEBHOOK_ALERTS,
                "uniqueItems": true,
                "items": {
                    "type": "object",
                    "required": ["field"],
                    "additionalProperties": false,
                    "oneOf": [one_bound("above", "below"), one_bound("below", "above")],
                    "properties": {
                        "field": { "type": "string", "maxLength": NAME_BYTES },
                        "above": { "type": ["number", "null"] },
                        "below": { "type": ["number", "null"] }
                    }
                }
            },
            "include": { "type": ["array", "null"], "items": { "enum": PARTS }, "maxItems": PARTS.len() }
        }
    }
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_webhook_is_read_with_its_thresholds_alerts_and_parts() {
        let value = json!([{
            "url": "https://example.com/hook", "events": ["job.completed"], "progress": [50, 90], "include": ["metrics"],
            "alerts": [{"field": "execution.costAccrued", "above": 5}, {"field": "metrics.celsius", "below": -10}],
        }]);
        let webhook = Webhooks::read(value, "webhooks").unwrap().remove(0);
        assert!(webhook.has(EventType::Completed) && !webhook.has(EventType::Failed));
        assert_eq!(webhook.progress.iter().map(|percent| percent.get()).collect::<Vec<_>>(), [50.0, 90.0]);
        assert_eq!(
            webhook.alerts.iter().map(|alert| alert.bound).collect::<Vec<_>>(),
            [Bound::Above(5.0), Bound::Below(-10.0)]
        );
        assert!(webhook.include.unwrap().metrics());
        let stored = serde_json::to_string(&webhook).unwrap();
        assert_eq!(serde_json::from_str::<Webhook>(&stored).unwrap(), webhook);
    }

    #[test]
    fn a_wrong_member_is_named() {
        let url = "https://example.com/";
        let alert = |above: usize| json!({"field": "progress", "above": above});
        for (value, field) in [
            (json!({}), "webhooks"),
            (json!([{}]), "webhooks[0].url"),
            (json!([{"url": 7}]), "webhooks[0].url"),
            (json!([{"url": "x".repeat(WEBHOOK_URL_BYTES + 1)}]), "webhooks[0].url"),
            (json!([{"url": url}, {"url": url}]), "webhooks[1].url"),
            (json!([{"url": url, "events": ["job.progress"]}]), "webhooks[0].events[0]"),
            (json!([{"url": url, "events": "job.failed"}]), "webhooks[0].events"),
            (json!([{"url": url, "progress": [0.9]}]), "webhooks[0].progress[0]"),
            (json!([{"url": url, "progress": [100.5]}]), "webhooks[0].progress[0]"),
            (json!([{"url": url, "progress": vec![1; WEBHOOK_THRESHOLDS + 1]}]), "webhooks[0].progress"),
            (json!([{"url": url, "alerts": [{"field": "progress"}]}]), "webhooks[0].alerts[0]"),
            (json!([{"url": url, "alerts": [{"field": "a", "above": 1, "below": 2}]}]), "webhooks[0].alerts[0]"),
            (json!([{"url": url, "alerts": [{"field": "a", "above": "1"}]}]), "webhooks[0].alerts[0].above"),
            (json!([{"url": url, "alerts": [alert(1), alert(2), alert(1)]}]), "webhooks[0].alerts[2]"),
            (json!([{"url": url, "include": ["logs"]}]), "webhooks[0].include[0]"),
            (json!([{"url": url, "secret": "x"}]), "webhooks[0].secret"),
        ] {
            assert_eq!(Webhooks::read(value.clone(), "webhooks").unwrap_err().details()["field"], field, "{value}");
        }
        let alerts = |count: usize| json!([{"url": url, "alerts": (0..count).map(alert).collect::<Vec<_>>()}]);
        assert!(Webhooks::read(alerts(WEBHOOK_ALERTS), "webhooks").is_ok());
        assert_eq!(
            Webhooks::read(alerts(WEBHOOK_ALERTS + 1), "webhooks").unwrap_err().details()["limit"],
            WEBHOOK_ALERTS
        );
        let with =
            |url: String, progress: Value| Webhooks::read(json!([{"url": url, "progress": progress}]), "webhooks");
        let longest = format!("{url}{}", "x".repeat(WEBHOOK_URL_BYTES - url.len()));
        assert!(with(longest.clone(), json!([1, 100])).is_ok() && with(longest + "x", json!([])).is_err());
        assert!(with(url.to_owned(), json!(vec![50; WEBHOOK_THRESHOLDS])).is_ok());
        let many: Vec<_> = (0..=WEBHOOKS).map(|index| json!({"url": format!("{url}{index}")})).collect();
        assert_eq!(Webhooks::read(json!(many), "webhooks").unwrap_err().details()["limit"], WEBHOOKS);
    }
}
