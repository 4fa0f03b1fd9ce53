//! The outbox: the pending deliveries of a job, and which of them is sent next.
//!
//! For each URL, deliveries are sent one after the other, in the order of their numbers: one that fails holds back those
//! behind it until it is delivered or has failed for good. The URLs do not wait for one another.

use std::collections::{BTreeMap, HashSet};

use protocol::{
    Timestamp,
    limits::{DELIVERIES, DELIVERIES_AT_ONCE, DELIVERY_SECONDS},
    webhook::WebhookUrl,
};

use super::{
    delivery::DeliveryStatus,
    schedule::{self, Scale},
};

/// The milliseconds after which a try without a result is taken to be lost, because the object was removed from memory.
const LOST_MS: u64 = (DELIVERY_SECONDS + 5) * 1000;

/// The pending deliveries of one job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    pending: BTreeMap<u64, Pending>,
    last_number: u64,
}

/// A pending delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    /// Where it is sent.
    pub url: WebhookUrl,
    /// The number of finished tries.
    pub tries: u32,
    /// When it is tried next.
    pub due: Timestamp,
    /// When the try that has no result yet began.
    pub sent_at: Option<Timestamp>,
}

/// The result of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The receiver's response: its status, and the seconds of its `Retry-After`.
    Response {
        /// The HTTP status.
        status: u16,
        /// The seconds of `Retry-After`.
        retry_after: Option<u64>,
    },
    /// No response, for this reason.
    NoResponse(&'static str),
    /// The URL is not allowed any more.
    Refused(&'static str),
}

/// A delivery after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The status.
    pub status: DeliveryStatus,
    /// The number of finished tries.
    pub tries: u32,
    /// When it is tried next, if it is pending.
    pub due: Timestamp,
}

impl Outbox {
    /// An outbox that continues after the delivery with this number.
    pub fn after(last_number: u64) -> Outbox {
        Outbox { pending: BTreeMap::new(), last_number }
    }

    /// Adds a delivery that was pending already.
    pub fn restore(&mut self, number: u64, url: WebhookUrl, tries: u32, due: Timestamp) {
        self.last_number = self.last_number.max(number);
        self.pending.insert(number, Pending { url, tries, due, sent_at: None });
    }

    /// Makes a delivery pending again, with all its tries. If it is being sent, it stays so.
    pub fn redeliver(&mut self, number: u64, url: WebhookUrl, now: Timestamp) {
        let sent_at = self.pending.get(&number).and_then(|pending| pending.sent_at);
        self.pending.insert(number, Pending { url, tries: 0, due: now, sent_at });
    }

    /// Adds a new delivery and returns its number.
    pub fn add(&mut self, url: WebhookUrl, now: Timestamp) -> u64 {
        let number = self.last_number.saturating_add(1);
        self.restore(number, url, 0, now);
        number
    }

    /// An empty outbox whose numbers continue those of this one.
    #[must_use]
    pub fn emptied(&self) -> Outbox {
        Outbox { pending: BTreeMap::new(), last_number: self.last_number }
    }

    /// Removes the deliveries past the limit and returns the number of the first one that is kept.
    pub fn trim(&mut self) -> u64 {
        let first = self.last_number.saturating_sub(DELIVERIES as u64).saturating_add(1);
        self.pending.retain(|number, _| *number >= first);
        first
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether a try has no result yet.
    pub fn is_sending(&self) -> bool {
        self.pending.values().any(|pending| pending.sent_at.is_some())
    }

    /// The next time at which something is to be done; `None` if nothing is pending.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.dues().min()
    }

    /// The next time after `now` at which something is to be done. What is due at `now` and has not been started waits until a
    /// try ends, because so many others are being sent.
    pub fn next_due_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.dues().filter(|due| *due > now).min()
    }

    /// For each URL, when its first delivery is due, or when the try of it is taken to be lost.
    fn dues(&self) -> impl Iterator<Item = Timestamp> {
        self.heads().map(|(_, pending)| pending.sent_at.map_or(pending.due, |sent| sent.plus_millis(LOST_MS)))
    }

    /// The delivery of each URL that precedes the others of that URL.
    fn heads(&self) -> impl Iterator<Item = (u64, &Pending)> {
        let mut seen = HashSet::new();
        self.pending
            .iter()
            .filter(move |(_, pending)| seen.insert(&pending.url))
            .map(|(number, pending)| (*number, pending))
    }

    /// The numbers of the deliveries to send at `now`; they count as sent.
    pub fn start(&mut self, now: Timestamp) -> Vec<u64> {
        let is_lost = |sent: Timestamp| sent.plus_millis(LOST_MS) <= now || now < sent;
        let is_sent = |pending: &&Pending| pending.sent_at.is_some_and(|sent| !is_lost(sent));
        // After a redelivery, the try of a URL can be that of a later delivery than its first.
        let sending: Vec<&WebhookUrl> = self.pending.values().filter(is_sent).map(|pending| &pending.url).collect();
        let may_start =
            |pending: &Pending| !sending.contains(&&pending.url) && (pending.sent_at.is_some() || pending.due <= now);
        let free = DELIVERIES_AT_ONCE.saturating_sub(sending.len());
        let started: Vec<u64> =
            self.heads().filter(|(_, pending)| may_start(pending)).map(|(number, _)| number).take(free).collect();
        for number in &started {
            if let Some(pending) = self.pending.get_mut(number) {
                pending.sent_at = Some(now);
            }
        }
        started
    }

    /// Notes the result of a try, which ends at `now`; `random` is from 0 to 1. `None` if the delivery is not pending any
    /// more.
    pub fn finish(&mut self, number: u64, answer: Answer, now: Timestamp, random: f64, scale: Scale) -> Option<Tried> {
        let pending = self.pending.get_mut(&number)?;
        let tries = pending.tries.saturating_add(1);
        let retry_after = match answer {
            Answer::Response { retry_after, .. } => retry_after,
            Answer::NoResponse(_) | Answer::Refused(_) => None,
        };
        let next = schedule::next_try(tries, retry_after, now, random, scale);
        let (status, due) = match answer {
            Answer::Response { status: 200..300, .. } => (DeliveryStatus::Delivered, now),
            Answer::Response { status: 410, .. } => (DeliveryStatus::Gone, now),
            Answer::Refused(_) => (DeliveryStatus::Failed, now),
            Answer::Response { .. } | Answer::NoResponse(_) => match next {
                Some(next) => (DeliveryStatus::Pending, next),
                None => (DeliveryStatus::Failed, now),
            },
        };
        match status {
            DeliveryStatus::Pending => *pending = Pending { url: pending.url.clone(), tries, due, sent_at: None },
            DeliveryStatus::Gone => {
                let url = pending.url.clone();
                self.pending.retain(|_, pending| pending.url != url);
            }
            DeliveryStatus::Delivered | DeliveryStatus::Failed => drop(self.pending.remove(&number)),
        }
        Some(Tried { status, tries, due })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: Answer = Answer::Response { status: 204, retry_after: None };
    const ERROR: Answer = Answer::Response { status: 500, retry_after: None };

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn url(name: &str) -> WebhookUrl {
        WebhookUrl(format!("https://{name}.example/"))
    }

    fn outbox(urls: &[&str]) -> Outbox {
        let mut outbox = Outbox::default();
        for name in urls {
            outbox.add(url(name), at(0));
        }
        outbox
    }

    fn finish(outbox: &mut Outbox, number: u64, answer: Answer, second: u64) -> Tried {
        outbox.finish(number, answer, at(second), 0.0, Scale::default()).unwrap()
    }

    #[test]
    fn each_url_gets_one_delivery_after_the_other_and_waits_for_no_other_url() {
        let mut outbox = outbox(&["a", "a", "b", "a"]);
        assert_eq!(outbox.start(at(0)), [1, 3]);
        assert!(outbox.start(at(0)).is_empty());
        assert_eq!(finish(&mut outbox, 1, ERROR, 1).status, DeliveryStatus::Pending);
        finish(&mut outbox, 3, OK, 1);
        assert_eq!((outbox.start(at(5)), outbox.next_due()), (vec![], Some(at(6))));
        assert_eq!(outbox.start(at(6)), [1]);
        assert_eq!(finish(&mut outbox, 1, OK, 7), Tried { status: DeliveryStatus::Delivered, tries: 2, due: at(7) });
        assert_eq!(outbox.start(at(7)), [2]);
        finish(&mut outbox, 2, OK, 8);
        assert_eq!(outbox.start(at(8)), [4]);
        finish(&mut outbox, 4, OK, 9);
        assert!(outbox.is_empty() && outbox.next_due().is_none());
    }

    #[test]
    fn a_bounded_number_is_sent_at_a_time() {
        let mut outbox = outbox(&["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(outbox.start(at(0)), [1, 2, 3, 4, 5]);
        assert_eq!((outbox.next_due(), outbox.next_due_after(at(0))), (Some(at(0)), Some(at(20))));
        finish(&mut outbox, 2, OK, 1);
        assert_eq!(outbox.start(at(1)), [6]);
    }

    #[test]
    fn a_receiver_that_is_gone_gets_nothing_any_more() {
        let mut outbox = outbox(&["a", "b", "a"]);
        outbox.start(at(0));
        let gone = Answer::Response { status: 410, retry_after: None };
        assert_eq!(finish(&mut outbox, 1, gone, 1).status, DeliveryStatus::Gone);
        finish(&mut outbox, 2, OK, 1);
        assert!(outbox.is_empty());
    }

    #[test]
    fn after_the_last_try_a_delivery_has_failed_and_the_next_one_is_sent() {
        let mut outbox = outbox(&["a", "a"]);
        let mut now = at(0);
        for tries in 1..=11 {
            assert_eq!(outbox.start(now), [1]);
            let tried = outbox.finish(1, Answer::NoResponse("timeout"), now, 0.5, Scale::default()).unwrap();
            let expected = if tries == 11 { DeliveryStatus::Failed } else { DeliveryStatus::Pending };
            assert_eq!((tried.status, tried.tries), (expected, tries));
            now = tried.due;
        }
        assert_eq!(outbox.start(now), [2]);
    }

    #[test]
    fn a_url_that_is_not_allowed_any_more_is_not_tried_again() {
        let mut outbox = outbox(&["a"]);
        outbox.start(at(0));
        assert_eq!(finish(&mut outbox, 1, Answer::Refused("private"), 1).status, DeliveryStatus::Failed);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_try_whose_result_was_lost_is_made_again() {
        let mut outbox = outbox(&["a"]);
        assert_eq!(outbox.start(at(0)), [1]);
        assert_eq!((outbox.start(at(19)), outbox.next_due()), (vec![], Some(at(20))));
        assert_eq!(outbox.start(at(20)), [1]);
    }

    #[test]
    fn a_redelivery_waits_for_the_try_of_its_url_and_is_not_sent_twice_at_a_time() {
        let mut outbox = outbox(&["a", "a"]);
        outbox.start(at(0));
        finish(&mut outbox, 1, OK, 1);
        assert_eq!(outbox.start(at(1)), [2]);
        outbox.redeliver(1, url("a"), at(2));
        outbox.redeliver(2, url("a"), at(2));
        assert!(outbox.start(at(3)).is_empty());
        finish(&mut outbox, 2, OK, 4);
        assert_eq!(outbox.start(at(4)), [1]);
    }

    #[test]
    fn the_oldest_deliveries_past_the_limit_are_removed() {
        let mut outbox = outbox(&vec!["a"; DELIVERIES + 2]);
        assert_eq!(outbox.trim(), 3);
        assert_eq!(outbox.start(at(0)), [3]);
    }
}
