//! A job as the object stores it: the document, and a record that readers never see.

use std::collections::BTreeMap;

use protocol::{Document, Status, Timestamp, attempt, children::Children, document::JobError, fold, number::Number};
use serde::{Deserialize, Serialize};

use crate::{
    children::cancellation::ChildrenCancellation,
    estimates::{Estimates, ProducerOverride, ProgressOf},
    lifecycle::Lifecycle,
    notice::{Notices, Tombstone},
    retention::expires_at,
    webhook::{of_job::JobWebhooks, outgoing::Outgoing},
};

/// A job: one row of the object's storage.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The document, which readers get.
    pub document: Document,
    /// The record, which readers never see.
    pub record: Record,
    /// The size in bytes of the stored document; `None` once the document has changed.
    pub stored_bytes: Option<usize>,
    /// The deliveries of the changes since the last commit.
    pub outgoing: Outgoing,
}

/// What the server stores of a job beside its document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// The last `order` of each producer.
    pub orders: BTreeMap<String, u64>,
    /// The estimator of the job's completion and throughput. The stored name is the one of the first release.
    #[serde(rename = "forecast")]
    pub estimates: Estimates,
    /// The number of the last log line.
    pub last_line: u64,
    /// The number of the last line in the log's first row in storage.
    pub first_row_end: u64,
    /// The key of the log's last row: the number of its first line.
    pub last_row: u64,
    /// The size in bytes of the lines in that row.
    pub last_row_bytes: u64,
    /// The size in bytes of the lines in all rows.
    pub log_bytes: u64,
    /// When the last report was accepted, by a clock that may have been set back since; `None` in a record of a release that
    /// did not write it, and before the first report of an attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Timestamp>,
    /// When the alarm fires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Timestamp>,
    /// The webhooks that reports have set.
    #[serde(skip_serializing_if = "JobWebhooks::is_empty")]
    pub webhooks: JobWebhooks,
    /// The project, whose secret signs the deliveries; `None` in a record of a release that did not write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// What other objects have to be notified of.
    #[serde(skip_serializing_if = "Notices::is_empty")]
    pub notices: Notices,
    /// Whether the job has reported a progress of its own, if it has children: else its progress is theirs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_own_progress: bool,
    /// Children that were created before are not counted: they are those of a job that this one has replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children_since: Option<Timestamp>,
    /// When the current attempt began; `None` for the first one, which began with the creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_at: Option<Timestamp>,
    /// The last request to cancel the children.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<ChildrenCancellation>,
    /// The digest of the body that created the job; `None` if a report created it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_with: Option<String>,
}

impl Record {
    /// Updates the estimates after a change of the `document`.
    pub fn estimate(&mut self, producer: ProducerOverride, document: &mut Document, now: Timestamp) {
        let is_of_children = document.children.is_some() && !self.has_own_progress;
        let progress_of = if is_of_children { ProgressOf::Children } else { ProgressOf::Job };
        self.estimates.update(producer, progress_of, document, now);
    }
}

impl Job {
    /// A new job, before its first report is applied.
    pub fn new(job_id: String, epoch: String, now: Timestamp) -> Job {
        let document = Document::new(job_id, epoch, now);
        Job { document, record: Record::default(), stored_bytes: None, outgoing: Outgoing::default() }
    }

    /// A job that was read from storage, where its document has `bytes` bytes.
    pub fn stored(document: Document, record: Record, bytes: usize) -> Job {
        Job { document, record, stored_bytes: Some(bytes), outgoing: Outgoing::default() }
    }

    /// A new job in the place of `former`. It keeps the alarm: one that fires early sets the next one, and a second alarm
    /// would cost a written row. It also keeps the project, which the two have in common.
    #[must_use]
    pub fn replacing(mut self, former: &Job) -> Job {
        self.record.alarm = former.record.alarm;
        self.record.project.clone_from(&former.record.project);
        self.outgoing.project = former.outgoing.project.clone();
        self = self.succeeding(&former.record.notices, former.document.created_at);
        self.record.children_since = Some(self.document.created_at);
        self
    }

    /// A new job under the id of a deleted one, which not every recipient of its notices knows.
    #[must_use]
    pub fn after(mut self, tombstone: &Tombstone) -> Job {
        self.record.notices = tombstone.notices.clone();
        self.created_after(tombstone.created_at)
    }

    fn succeeding(mut self, notices: &Notices, created_at: Timestamp) -> Job {
        self.record.notices = notices.of_successor(created_at);
        self.created_after(created_at)
    }

    /// No two jobs of an id were created at the same time, by which the index distinguishes their rows.
    fn created_after(mut self, former: Timestamp) -> Job {
        let created_at = self.document.created_at.max(former.plus_millis(1));
        (self.document.created_at, self.document.updated_at) = (created_at, created_at);
        self
    }

    /// What is left of the job after its deletion at `now`; `None` if it has notified nobody of itself.
    pub fn tombstone(&self, now: Timestamp) -> Option<Tombstone> {
        let Document { job_id, created_at, .. } = &self.document;
        let Record { notices, project, .. } = &self.record;
        (!notices.is_empty()).then(|| Tombstone {
            job_id: job_id.clone(),
            project: project.clone().unwrap_or_default(),
            created_at: *created_at,
            deleted_at: now,
            notices: notices.of_successor(*created_at),
        })
    }

    /// Notes how long jobs like this one take, as a change committed at `now`. Whether it is one.
    pub fn expect(&mut self, seconds: Option<Number>, now: Timestamp) -> bool {
        let document = &mut self.document;
        if seconds.is_none() || document.expected_seconds.is_some() || document.status.is_terminal() {
            return false;
        }
        document.expected_seconds = seconds;
        document.record_change(now);
        self.record.estimate(ProducerOverride::default(), &mut self.document, now);
        self.stored_bytes = None;
        true
    }

    /// Notes what the document says of the children, as a change committed at `now`. Whether it is one.
    pub fn count_children(&mut self, children: Option<Children>, now: Timestamp) -> bool {
        let document = &mut self.document;
        if document.children == children {
            return false;
        }
        let before = Lifecycle::of(document);
        // Whose progress it is, is recorded only while there are children.
        if document.children.is_none() {
            self.record.has_own_progress = document.progress.is_some();
        }
        document.children = children;
        self.show_progress_of_children();
        self.document.record_change(now);
        self.record.estimate(ProducerOverride::default(), &mut self.document, now);
        self.stored_bytes = None;
        self.publish_change(Some(before));
        true
    }

    /// Makes the progress of the children that of the job, if it has no progress of its own and has not ended.
    pub(crate) fn show_progress_of_children(&mut self) {
        if !self.record.has_own_progress && !self.document.status.is_terminal() {
            self.document.progress = self.document.children.as_ref().map(|children| children.progress);
        }
    }

    /// Ends the job in the terminal state `status` without a report, as a change committed at `now`.
    pub fn end(&mut self, status: Status, error: Option<JobError>, now: Timestamp) {
        let before = Lifecycle::of(&self.document);
        let committed_at = now.max(self.document.updated_at);
        fold::end(&mut self.document, status, error, committed_at);
        self.record.estimate(ProducerOverride::default(), &mut self.document, now);
        self.document.expires_at = expires_at(&self.document);
        self.stored_bytes = None;
        self.publish_change(Some(before));
    }

    /// Begins the next attempt, as a change committed at `now`. Its producers may number their reports from the start, and
    /// its pace says nothing about the former attempt.
    pub fn retry(&mut self, now: Timestamp) {
        attempt::begin_next_attempt(&mut self.document, now);
        self.record.orders.clear();
        self.record.has_own_progress = false;
        self.record.estimates = Estimates::default();
        self.record.reported_at = None;
        self.record.attempt_at = Some(now);
        self.stored_bytes = None;
    }

    /// Adds the deliveries of a change to those that are stored with the next commit. `before` is the lifecycle before the
    /// change, and absent for the creation.
    pub fn publish_change(&mut self, before: Option<Lifecycle>) {
        self.outgoing.add_change(&mut self.record.webhooks, before, &self.document);
    }

    /// Adds the deliveries of the deletion of the job at `now`.
    pub fn publish_deletion(&mut self, now: Timestamp) {
        self.outgoing.add_deletion(&mut self.record.webhooks, &self.document, now);
    }

    /// Whether a new job may take the place of this one, as far as the caller allows it with `replaces_ended`.
    pub fn may_be_replaced(&self, replaces_ended: bool) -> bool {
        replaces_ended && self.document.status.is_terminal()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A record that the first release stored, after three reports that set `estimatedCompletion`.
    const STORED: &str = r#"{"orders":{"":3},"forecast":{"estimator":{"p":{"m":1,"s":0},"a":1700000003000,"f":1.0,
        "d":3.0,"m":3.0,"t":10.0,"w":0.0,"v":{"s":{"u":0.8024687791002937,"t":802.4687791002938},"v":0.0,
        "l":{"u":1.6146882520652042,"t":1614.688252065204},"w":1000.0,"n":2},"r":7000.000000000004},
        "completionIsTold":true,"throughputIsTold":false},
        "lastLine":3,"firstRowEnd":0,"lastRow":0,"lastRowBytes":0,"logBytes":0}"#;

    #[test]
    fn a_record_of_the_first_release_keeps_all_that_it_stored() {
        let record: Record = serde_json::from_str(STORED).unwrap();
        let stored: Value = serde_json::from_str(STORED).unwrap();
        assert_eq!(serde_json::to_value(&record).unwrap(), stored);
    }

    #[test]
    fn only_a_job_that_has_ended_may_be_replaced_and_only_if_the_caller_says_so() {
        let mut job = Job::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        for status in protocol::Status::ALL {
            job.document.status = status;
            assert_eq!(job.may_be_replaced(true), status.is_terminal(), "{status:?}");
            assert!(!job.may_be_replaced(false));
        }
    }

    #[test]
    fn a_job_with_children_has_their_progress_until_it_reports_one() {
        let at = |second: u64| Timestamp::from_millis(1_700_000_000_000 + second * 1000);
        let report = |job: Job, body: Value, second| {
            let report = protocol::Report::from_json(body).unwrap();
            crate::accept::accept(job, protocol::report::Reports::One(Box::new(report)), at(second)).job
        };
        let children = |progress: f64| {
            let by_status = protocol::children::StatusCounts { running: 4, ..Default::default() };
            Some(Children { total: 4, by_status, progress: Number::new(progress).unwrap() })
        };
        let progress = |job: &Job| job.document.progress.map(Number::get);
        let mut job = report(Job::new("a".to_owned(), "k3v9a0".to_owned(), at(0)), json!({"status": "running"}), 0);
        for (second, percent) in [(10, 10.0), (20, 20.0), (30, 30.0)] {
            assert!(job.count_children(children(percent), at(second)));
        }
        assert!(!job.count_children(children(30.0), at(31)));
        assert_eq!((progress(&job), job.document.seq), (Some(30.0), 5));
        // The estimate is that of a job which reports these percentages, and there is no throughput of children.
        let expected = job.document.estimated_completion.map(|end| end.millis() - at(0).millis());
        assert_eq!((expected, &job.document.throughput), (Some(100_000), &None));
        job = report(job, json!({"message": "on"}), 32);
        assert_eq!(progress(&job), Some(30.0));
        job = report(job, json!({"progress": 7}), 33);
        job.count_children(children(60.0), at(34));
        assert_eq!(progress(&job), Some(7.0));
        job = report(job, json!({"progress": null}), 35);
        assert_eq!(progress(&job), Some(60.0));
        job = report(job, json!({"status": "failed"}), 36);
        job.count_children(children(80.0), at(37));
        assert_eq!(
            (progress(&job), job.document.children.as_ref().map(|children| children.progress.get())),
            (Some(60.0), Some(80.0))
        );
        job.retry(at(38));
        assert_eq!(progress(&job), Some(80.0));
        job.count_children(None, at(39));
        assert_eq!((progress(&job), &job.document.children), (None, &None));
    }

    /// A job that has reported 10 and 20 of 100 after 10 and 20 seconds, and has a child at 20 % after 21.
    fn counting_job_with_a_child() -> Job {
        let mut job = Job::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        for (second, current) in [(0, 0), (10, 10), (20, 20)] {
            job = report_at(job, json!({"current": current, "total": 100}), second);
        }
        job.count_children(one_child(20.0), Timestamp::from_millis(21_000));
        job
    }

    fn one_child(progress: f64) -> Option<Children> {
        let by_status = protocol::children::StatusCounts { running: 1, ..Default::default() };
        Some(Children { total: 1, by_status, progress: Number::new(progress).unwrap() })
    }

    fn report_at(job: Job, body: Value, second: u64) -> Job {
        let report = protocol::Report::from_json(body).unwrap();
        let reports = protocol::report::Reports::One(Box::new(report));
        crate::accept::accept(job, reports, Timestamp::from_millis(second * 1000)).job
    }

    #[test]
    fn a_job_whose_own_progress_is_by_chance_that_of_its_children_keeps_its_estimates() {
        let mut job = counting_job_with_a_child();
        let rate = |job: &Job| job.document.throughput.as_ref().map(|throughput| throughput.rate.get());
        let end = |job: &Job| job.document.estimated_completion.map(Timestamp::millis);
        assert_eq!((rate(&job), end(&job)), (Some(1.0), Some(100_000)));
        job = report_at(job, json!({"current": 30}), 30);
        assert_eq!((rate(&job), end(&job)), (Some(1.0), Some(100_000)));
    }

    #[test]
    fn the_estimate_from_the_children_ends_with_them_and_a_progress_that_was_cleared_meanwhile_is_theirs_again() {
        let mut job = Job::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        job = report_at(job, json!({"status": "running"}), 0);
        for second in [10, 20, 30] {
            job.count_children(one_child(second as f64), Timestamp::from_millis(second * 1000));
        }
        assert!(job.document.estimated_completion.is_some());
        job.count_children(None, Timestamp::from_millis(31_000));
        assert_eq!((job.document.progress, job.document.estimated_completion), (None, None));
        job.count_children(one_child(40.0), Timestamp::from_millis(32_000));
        job = report_at(job, json!({"progress": 5}), 33);
        job.count_children(None, Timestamp::from_millis(34_000));
        job = report_at(job, json!({"progress": null}), 35);
        job.count_children(one_child(50.0), Timestamp::from_millis(36_000));
        assert_eq!(job.document.progress, Number::new(50.0));
    }

    #[test]
    fn a_job_that_has_reported_progress_before_its_first_child_keeps_it() {
        let mut job = Job::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        job.document.progress = Number::new(40.0);
        let by_status = protocol::children::StatusCounts { queued: 1, ..Default::default() };
        job.count_children(Some(Children { total: 1, by_status, progress: Number::ZERO }), Timestamp::from_millis(1));
        assert_eq!(job.document.progress, Number::new(40.0));
    }

    #[test]
    fn a_job_in_the_place_of_another_keeps_nothing_but_the_alarm() {
        let new = || Job::new("a".to_owned(), "zzzzzz".to_owned(), Timestamp::from_millis(9));
        let mut former = Job::new("a".to_owned(), "k3v9a0".to_owned(), Timestamp::from_millis(0));
        former.record = serde_json::from_str(STORED).unwrap();
        former.record.alarm = Some(Timestamp::from_millis(7));
        let mut expected = new();
        expected.record.alarm = former.record.alarm;
        expected.record.children_since = Some(Timestamp::from_millis(9));
        assert_eq!(new().replacing(&former), expected);
    }
}
