//! The deliveries that a change of a job must cause, from PROTOCOL.md and without the functions under test.

use std::collections::BTreeSet;

use engine::webhook::outgoing::id_of_job;
use protocol::{Document, Status, webhook::WebhookUrl};

/// The URL of a subscriber, and the events that it wants.
pub(crate) type Subscriber = (&'static str, &'static [&'static str]);

/// The subscribers of a job.
#[derive(Clone, Debug)]
pub(crate) struct Subscribers {
    all: &'static [Subscriber],
    /// Those that have answered that they want no more.
    gone: BTreeSet<&'static str>,
}

impl Subscribers {
    pub(crate) fn new(all: &'static [Subscriber]) -> Subscribers {
        Subscribers { all, gone: BTreeSet::new() }
    }

    /// Notes that a receiver wants no more deliveries.
    pub(crate) fn end(&mut self, url: &WebhookUrl) {
        self.gone.extend(self.all.iter().map(|(known, _)| *known).filter(|known| *known == url.0));
    }

    /// Those that want no more deliveries.
    pub(crate) fn gone(&self) -> &BTreeSet<&'static str> {
        &self.gone
    }

    /// The URL and the id of each delivery of a change to `document`.
    pub(crate) fn of_change(&self, former: Option<&Document>, document: &Document) -> Vec<(String, String)> {
        self.deliveries(document, &events(former, document))
    }

    /// The URL and the id of each delivery of the deletion of the job with this document.
    pub(crate) fn of_deletion(&self, document: &Document) -> Vec<(String, String)> {
        self.deliveries(document, &["deleted"])
    }

    fn deliveries(&self, document: &Document, events: &[&str]) -> Vec<(String, String)> {
        let id = |event: &str| format!("{}_{}_{event}", id_of_job(&document.job_id, &document.epoch), document.seq);
        let present = self.all.iter().filter(|(url, _)| !self.gone.contains(url));
        let wanted = |wants: &[&str]| events.iter().copied().filter(|event| wants.contains(event)).collect::<Vec<_>>();
        present.flat_map(|(url, wants)| wanted(wants).into_iter().map(|event| ((*url).to_owned(), id(event)))).collect()
    }
}

/// The names of the events of a change, in their order.
fn events(former: Option<&Document>, document: &Document) -> Vec<&'static str> {
    let Some(former) = former else { return vec!["queued"] };
    if document.attempt > former.attempt {
        return vec!["retried"];
    }
    let mut events = Vec::new();
    if former.stalled_since.is_none() && document.stalled_since.is_some() {
        events.push("stalled");
    }
    let request = |document: &Document| document.control.as_ref().map(|control| (control.request, control.at));
    if request(document).is_some() && request(document) != request(former) {
        events.push("control");
    }
    if document.status != former.status {
        events.extend(match document.status {
            Status::Running if former.started_at.is_some() => Some("resumed"),
            Status::Running => Some("started"),
            Status::Queued | Status::Initializing => None,
            Status::Paused => Some("paused"),
            Status::Completed => Some("completed"),
            Status::Failed => Some("failed"),
            Status::Cancelled => Some("cancelled"),
            Status::Timeout => Some("timeout"),
        });
    }
    events
}
