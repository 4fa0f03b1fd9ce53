//! A journal of the reports of one job that were acknowledged, and what must hold of them.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{comeback::Seen, key::random_below};

/// The acknowledged reports.
#[derive(Debug, Default)]
pub struct Journal {
    seq: u64,
    order: u64,
    /// The message of the report that became each `seq`.
    messages: HashMap<u64, String>,
}

/// A report that is not acknowledged yet.
#[derive(Debug)]
pub struct Report {
    /// Its JSON.
    pub body: Value,
    order: u64,
    message: String,
}

/// When the acknowledged report was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// With this request.
    Now,
    /// With a former request, whose response was lost.
    Before,
}

impl Journal {
    /// The `seq` of the last acknowledged report.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The `order` of the last acknowledged report.
    pub fn order(&self) -> u64 {
        self.order
    }

    /// The next report. Each has a message of its own, so that a `seq` that is used twice is found.
    pub fn next(&self, status: &str) -> Report {
        let order = self.order + 1;
        let message = format!("{order} {}", random_below(u64::MAX));
        Report { body: json!({"order": order, "current": order, "status": status, "message": message}), order, message }
    }

    /// Notes that a report was acknowledged with this answer.
    pub fn acknowledge(
        &mut self,
        report: Report,
        answer: &Value,
        violations: &mut Vec<String>,
    ) -> Result<Acknowledged> {
        let seq = answer["seq"].as_u64().context("no seq")?;
        let is_accepted = answer["accepted"] == true;
        if is_accepted {
            if seq != self.seq + 1 && self.seq != 0 {
                // A report in between was committed and not acknowledged.
                violations.push(format!("seq {seq} follows {}", self.seq));
            }
            if let Some(other) = self.messages.insert(seq, report.message) {
                violations.push(format!("seq {seq} was used twice, first for `{other}`"));
            }
        }
        (self.order, self.seq) = (report.order, seq);
        Ok(if is_accepted { Acknowledged::Now } else { Acknowledged::Before })
    }

    /// Compares a document with the acknowledged reports; `pending` is the `order` of the last one that was sent.
    pub fn check(&self, document: &Value, pending: u64, violations: &mut Vec<String>) {
        let (seq, current) = (document["seq"].as_u64().unwrap_or(0), document["current"].as_u64().unwrap_or(0));
        if seq < self.seq || seq > self.seq + 1 {
            violations.push(format!("seq {} was acknowledged, but the document has seq {seq}", self.seq));
        }
        if current < self.order || current > pending {
            violations.push(format!("report {} was acknowledged, but the document has report {current}", self.order));
        }
    }

    /// Compares what a viewer has seen with the acknowledged reports.
    pub fn compare(&self, seen: &Seen, violations: &mut Vec<String>) {
        for (seq, message) in seen.messages() {
            if let Some(sent) = self.messages.get(&seq).filter(|sent| **sent != message) {
                violations
                    .push(format!("seq {seq} was acknowledged with the message `{sent}` and shown with `{message}`"));
            }
        }
    }
}
