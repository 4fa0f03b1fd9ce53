//! The request to cancel the children of a job, which its object makes after the commit and repeats until each has answered.
//!
//! A request concerns the attempts of the children that had begun before it. A child that is created afterwards, and a retry, are
//! later decisions. The clocks of parent and child may differ, so the parent numbers its requests, and notes for each attempt of
//! a child the number of the last request at the time when it learned of the attempt: every attempt of which it knew before is
//! concerned. Only for an attempt of which it learns afterwards are times compared. The call to a child names the attempt, and a
//! child that has begun another one meanwhile ignores it.

use std::collections::BTreeMap;

use protocol::{Document, Timestamp, limits::ANCESTORS};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::notice::retry_ms;

use super::{Child, ChildJobs};

/// The milliseconds after which a request is not made any more to children that have not answered.
const GIVEN_UP_MS: u64 = 86_400_000;

/// A request to cancel the children of a job, in its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChildrenCancellation {
    /// The number of the request among those of the job, from 1.
    #[serde(default)]
    number: u64,
    /// When it was made.
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    force: bool,
    /// The request of the job's own parent that it repeats for the next generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of_parent: Option<RequestId>,
    /// Whether each child has answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_done: bool,
}

/// Which request of a parent this is: its number and its time, since the number of another job under the same id begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestId {
    number: u64,
    at: Timestamp,
    /// How many ancestors have repeated it: 0 for the request of a caller.
    #[serde(default)]
    generation: u64,
}

impl RequestId {
    /// Whether so many ancestors have repeated it that there is a circle, which jobs form that are created at the same time as
    /// parents of each other. Without an end the request would go around it again and again.
    pub fn is_in_a_circle(self) -> bool {
        usize::try_from(self.generation).unwrap_or(usize::MAX) >= ANCESTORS
    }
}

/// The attempt of a child that a request of its parent is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concerned {
    request: RequestId,
    /// When the child was created.
    created_at: Timestamp,
    attempt: u64,
}

impl ChildrenCancellation {
    /// A request with this reason, made at `at` after the request `former`; `force` ends the children at once.
    pub fn new(
        former: Option<&ChildrenCancellation>,
        reason: Option<String>,
        force: bool,
        at: Timestamp,
    ) -> ChildrenCancellation {
        let number = former.map_or(0, |former| former.number).saturating_add(1);
        ChildrenCancellation { number, at, reason, force, of_parent: None, is_done: false }
    }

    /// The same request, which repeats one of the job's own parent.
    #[must_use]
    pub fn of_parent(self, of_parent: Option<RequestId>) -> ChildrenCancellation {
        ChildrenCancellation { of_parent, ..self }
    }

    /// Whether this is the request of the job's own parent that is made again.
    pub fn repeats(&self, request: RequestId) -> bool {
        self.of_parent == Some(request)
    }

    /// Whether a child may not have answered yet.
    pub fn is_pending(&self) -> bool {
        !self.is_done
    }

    /// Which request it is.
    pub fn id(&self) -> RequestId {
        let generation = self.of_parent.map_or(0, |of_parent| of_parent.generation.saturating_add(1));
        RequestId { number: self.number, at: self.at, generation }
    }

    /// The body of the request to a child, which asks its own children too.
    pub fn to_body(&self) -> Vec<u8> {
        json!({ "reason": self.reason, "force": self.force, "children": true }).to_string().into_bytes()
    }

    /// Notes that each child has answered, or that no more is to be done about those that have not.
    pub fn finish(&mut self) {
        self.is_done = true;
    }

    /// Whether the request is so old at `now` that it is given up.
    pub fn is_given_up(&self, now: Timestamp) -> bool {
        now >= self.at.plus_millis(GIVEN_UP_MS)
    }

    /// The number of the last request that does not concern an attempt of which the parent learns now, and which began at
    /// `began_at`.
    pub(super) fn number_before(&self, began_at: Timestamp) -> u64 {
        if began_at <= self.at { self.number.saturating_sub(1) } else { self.number }
    }

    /// What this child is asked; `None` if it is not concerned, or has ended.
    pub fn concerned(&self, child: &Child) -> Option<Concerned> {
        let is_concerned = child.is_active() && child.request < self.number;
        is_concerned.then(|| Concerned { request: self.id(), created_at: child.created_at, attempt: child.attempt })
    }

    /// Has a child asked of whose attempt the parent has learned after all others have answered. Whether it has to be.
    pub fn reopen_for(&mut self, child: &Child) -> bool {
        let is_late = self.is_done && self.concerned(child).is_some();
        self.is_done = self.is_done && !is_late;
        is_late
    }
}

impl Concerned {
    /// The request.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// Whether the job is still in the attempt that the request is about.
    pub fn is_current(&self, document: &Document) -> bool {
        document.created_at == self.created_at && document.attempt == self.attempt
    }

    /// A text for a URL that needs no percent-encoding.
    ///
    /// ```
    /// use engine::children::cancellation::Concerned;
    /// let text = "1.1700000000000.0.1690000000000.2";
    /// assert_eq!(Concerned::from_parameter(text).unwrap().to_parameter(), text);
    /// assert!(["", "1.2.3.4", "1.2.3.4.5.6", "1.2.3.4.x"].into_iter().all(|text| Concerned::from_parameter(text).is_none()));
    /// ```
    pub fn to_parameter(&self) -> String {
        let RequestId { number, at, generation } = self.request;
        format!("{number}.{}.{generation}.{}.{}", at.millis(), self.created_at.millis(), self.attempt)
    }

    /// What [`Concerned::to_parameter`] wrote; `None` for any other text.
    pub fn from_parameter(text: &str) -> Option<Concerned> {
        let numbers: Vec<u64> = text.split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let [number, at, generation, created_at, attempt] = numbers.try_into().ok()?;
        let request = RequestId { number, at: Timestamp::from_millis(at), generation };
        Some(Concerned { request, created_at: Timestamp::from_millis(created_at), attempt })
    }
}

/// The children that have answered the last request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    request: Option<RequestId>,
    /// The attempt in which each of them was asked.
    of: BTreeMap<String, Concerned>,
}

impl Answers {
    /// The children that the request concerns and that have not answered it.
    pub fn missing(&mut self, cancellation: &ChildrenCancellation, jobs: &ChildJobs) -> Vec<(String, Concerned)> {
        if self.request != Some(cancellation.id()) {
            *self = Answers { request: Some(cancellation.id()), of: BTreeMap::new() };
        }
        let concerned = jobs.children.iter().filter_map(|(id, child)| Some((id, cancellation.concerned(child)?)));
        // One that was in another attempt when it answered has to be asked about this one.
        let missing = concerned.filter(|(id, concerned)| self.of.get(*id) != Some(concerned));
        missing.map(|(id, concerned)| (id.clone(), concerned)).collect()
    }

    /// Notes the answer of a child.
    pub fn note(&mut self, child: String, concerned: Concerned) {
        if self.request == Some(concerned.request) {
            self.of.insert(child, concerned);
        }
    }
}

/// Whether a child has answered, by the status of its response: it is asked, has ended, honours no such request, does not exist
/// any more, or refuses the request for good. Anything else may pass.
///
/// ```
/// use engine::children::cancellation::is_answered;
/// assert!([200, 204, 400, 404, 409, 413].into_iter().all(is_answered));
/// assert!(![408, 425, 429, 500, 503, 507].into_iter().any(is_answered));
/// ```
pub fn is_answered(status: u16) -> bool {
    matches!(status, 200..=299 | 400..=499) && !matches!(status, 408 | 425 | 429)
}

/// When children that have not answered are asked again. It has nothing to do with the calls that repeat notices, so that a child
/// that cannot be reached does not delay those, and their success does not make the calls to that child more frequent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    /// The request that failed, and how often one after another.
    failed: Option<(RequestId, u32)>,
    retry_at: Option<Timestamp>,
}

impl Backoff {
    /// Notes that a child did not answer the request at `now`; returns when the next call is due.
    pub fn fail(&mut self, request: RequestId, now: Timestamp) -> Timestamp {
        let failures = self.failed.filter(|(failed, _)| *failed == request).map_or(0, |(_, failures)| failures);
        let failures = failures.saturating_add(1);
        let retry_at = now.plus_millis(retry_ms(failures));
        (self.failed, self.retry_at) = (Some((request, failures)), Some(retry_at));
        retry_at
    }

    /// Notes that every child has answered.
    pub fn succeed(&mut self) {
        *self = Backoff::default();
    }

    /// When the next call of the request is due; `None` if it was not made yet.
    pub fn retry_at(&self, request: RequestId) -> Option<Timestamp> {
        self.retry_at.filter(|_| self.failed.is_some_and(|(failed, _)| failed == request))
    }

    /// Whether the request may be made at `now`, by a clock that may have been set back since the last call.
    pub fn is_due(&self, request: RequestId, now: Timestamp) -> bool {
        let latest = self.failed.map_or(0, |(_, failures)| retry_ms(failures));
        self.retry_at(request).is_none_or(|at| at <= now || now.plus_millis(latest) < at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn request(number: u64, millis: u64) -> RequestId {
        RequestId { number, at: at(millis), generation: 0 }
    }

    #[test]
    fn a_failing_child_is_asked_less_and_less_often_and_another_request_is_made_at_once() {
        let (first, second) = (request(1, 0), request(2, 9));
        let mut backoff = Backoff::default();
        assert!(backoff.is_due(first, at(0)));
        assert_eq!(backoff.fail(first, at(0)), at(4_000));
        assert!(!backoff.is_due(first, at(3_999)) && backoff.is_due(first, at(4_000)));
        assert!(backoff.is_due(second, at(1)), "a request that was not made yet");
        assert_eq!((backoff.retry_at(first), backoff.retry_at(second)), (Some(at(4_000)), None));
        let last = (0..20).map(|_| backoff.fail(first, at(0))).last();
        assert_eq!(last, Some(at(60_000)));
        backoff.succeed();
        assert!(backoff.is_due(first, at(0)));
    }

    #[test]
    fn a_clock_that_is_set_back_delays_no_call() {
        let (request, mut backoff) = (request(1, 0), Backoff::default());
        backoff.fail(request, at(9_000_000));
        assert!(!backoff.is_due(request, at(9_000_000)));
        assert!(backoff.is_due(request, at(1_000_000)));
    }

    #[test]
    fn a_request_is_given_up_after_a_day() {
        let cancellation = ChildrenCancellation::new(None, None, false, at(5));
        assert!(!cancellation.is_given_up(at(GIVEN_UP_MS + 4)) && cancellation.is_given_up(at(GIVEN_UP_MS + 5)));
    }
}
