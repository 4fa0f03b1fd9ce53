//! The deadlines of a job: what happens to it at a time and not because of a request, and the one alarm for all of it and for
//! the deliveries in its outbox.
//!
//! The due times of deadlines are derived from the job and stored nowhere. The alarm moves only to an earlier time: one that
//! fires early sets the next one, so a report does not cost a second written row for the alarm.

use protocol::{Status, Timestamp, document::JobError, limits::RETENTION_SECONDS};

use crate::{job::Job, lifecycle::Lifecycle, retention::expires_at, webhook::outbox::Outbox};

/// The `error.code` of a job that took longer than its `timeoutSeconds`.
pub const EXECUTION_TIMEOUT: &str = "EXECUTION_TIMEOUT";
/// The `error.code` of a job that has had no report for its `heartbeatTimeoutSeconds`.
pub const HEARTBEAT_TIMEOUT: &str = "HEARTBEAT_TIMEOUT";
/// An alarm that is late by so many milliseconds was lost: the platform drops an alarm whose handler fails several times. A
/// failover delays one by about a minute.
const LOST_ALARM_MS: u64 = 120_000;
/// How long pending deliveries can delay the deletion of a job: about two schedules of tries.
pub(crate) const DELIVERING_MS: u64 = 7 * 86_400_000;

/// What happens to a job at a time. If two are due at the same time, the earlier variant precedes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deadline {
    /// The job has run for `timeoutSeconds` and ends as `timeout`.
    ExecutionTimeout,
    /// No report has arrived for `heartbeatTimeoutSeconds`, and the job ends as `timeout`.
    HeartbeatTimeout,
    /// No report has arrived for `stalledAfterSeconds`, and the job is marked with `stalledSince`.
    Stall,
    /// The job is deleted.
    Expiry,
}

/// The next deadline of a job with this outbox, and when it is due.
///
/// ```
/// use engine::{deadline::{Deadline, next_due}, job::Job, webhook::outbox::Outbox};
/// use protocol::Timestamp;
/// let job = Job::new("import-42".into(), "k3v9a0".into(), Timestamp::from_millis(0));
/// assert_eq!(next_due(&job, &Outbox::default()), (Timestamp::from_millis(30 * 86_400_000), Deadline::Expiry));
/// ```
pub fn next_due(job: &Job, outbox: &Outbox) -> (Timestamp, Deadline) {
    let document = &job.document;
    let reported_at = job.record.reported_at.unwrap_or(document.updated_at);
    let is_terminal = document.status.is_terminal();
    // A queued job has no producer yet that could be silent, and a paused one may be silent.
    let is_active = matches!(document.status, Status::Initializing | Status::Running);
    let after = |from: Timestamp, seconds: Option<u64>| Some(from.plus_millis(seconds?.saturating_mul(1000)));
    let execution = document.started_at.and_then(|started| after(started, document.timeout_seconds));
    let heartbeat = after(reported_at, document.heartbeat_timeout_seconds);
    let stall = after(reported_at, document.stalled_after_seconds).filter(|_| document.stalled_since.is_none());
    let delay = if outbox.is_empty() { 0 } else { DELIVERING_MS };
    let expiry = expires_at(document).or(after(document.updated_at, Some(RETENTION_SECONDS)));
    let expiry = expiry.map(|expiry| expiry.plus_millis(delay));
    let dues = [
        (Deadline::ExecutionTimeout, execution.filter(|_| !is_terminal)),
        (Deadline::HeartbeatTimeout, heartbeat.filter(|_| is_active)),
        (Deadline::Stall, stall.filter(|_| is_active)),
        (Deadline::Expiry, expiry),
    ];
    let next = dues.into_iter().filter_map(|(deadline, at)| Some((at?, deadline))).min();
    // There is always an expiry.
    next.unwrap_or((document.updated_at, Deadline::Expiry))
}

/// The time at which the alarm of a job with this outbox is to fire: the next deadline, or the next delivery.
pub fn alarm_due(job: &Job, outbox: &Outbox) -> Timestamp {
    let (due, _) = next_due(job, outbox);
    outbox.next_due().map_or(due, |delivery| due.min(delivery))
}

/// When the handler of the alarm looks again if no try ends before. It stays active while a delivery is being sent, and the
/// platform runs no other alarm meanwhile; it has just done what was due at `now`. `None` if nothing will be due.
pub fn wake_due(job: Option<&Job>, outbox: &Outbox, now: Timestamp) -> Option<Timestamp> {
    let deadline = job.map(|job| next_due(job, outbox).0);
    deadline.into_iter().chain(outbox.next_due_after(now)).min()
}

/// The new time of the alarm of a job whose alarm is set for `current`; `None` if it can stay, because nothing is due before
/// it fires.
pub fn alarm(current: Option<Timestamp>, job: &Job, outbox: &Outbox, now: Timestamp) -> Option<Timestamp> {
    let due = alarm_due(job, outbox);
    let is_lost = |current: Timestamp| current.plus_millis(LOST_ALARM_MS) < now;
    current.is_none_or(|current| due < current || is_lost(current)).then_some(due)
}

/// What an alarm does.
#[derive(Clone, Debug, PartialEq)]
pub enum AlarmOutcome {
    /// No deadline is due yet; the next one is due at this time. Deliveries can be due.
    Early(Timestamp),
    /// A deadline passed and changed the job. It is committed, and its alarm is set anew.
    Changed(Box<Job>),
    /// The job has expired and is deleted.
    Expired,
}

/// Applies the deadline of `job` that is due at `now`: the earliest one, if there are several.
pub fn on_alarm(job: &Job, outbox: &Outbox, now: Timestamp) -> AlarmOutcome {
    let (due, deadline) = next_due(job, outbox);
    if due > now {
        return AlarmOutcome::Early(due);
    }
    let mut next = job.clone();
    next.record.alarm = None;
    let document = &job.document;
    match deadline {
        Deadline::Expiry => return AlarmOutcome::Expired,
        Deadline::Stall => {
            next.document.stalled_since = Some(last_report(job));
            next.document.record_change(now);
            next.stored_bytes = None;
            next.publish_change(Some(Lifecycle::of(document)));
        }
        Deadline::ExecutionTimeout => {
            let seconds = document.timeout_seconds.unwrap_or_default();
            time_out(
                &mut next,
                EXECUTION_TIMEOUT,
                format!("The job did not end within its timeout of {seconds} s"),
                now,
            );
        }
        Deadline::HeartbeatTimeout => {
            let seconds = document.heartbeat_timeout_seconds.unwrap_or_default();
            time_out(&mut next, HEARTBEAT_TIMEOUT, format!("No report arrived for {seconds} s"), now);
        }
    }
    AlarmOutcome::Changed(Box::new(next))
}

/// When the last report arrived. It does not precede the start or the attempt that it follows, also if the clock was set back.
fn last_report(job: &Job) -> Timestamp {
    let Job { document, record, .. } = job;
    let former_end = document.attempts.iter().flatten().last().map(|former| former.ended_at);
    let begun_at = document.started_at.or(former_end).unwrap_or(document.created_at);
    record.reported_at.unwrap_or(document.updated_at).max(begun_at)
}

fn time_out(job: &mut Job, code: &str, message: String, now: Timestamp) {
    let error = JobError { code: code.to_owned(), message, details: None };
    job.end(Status::Timeout, Some(error), now);
}

#[cfg(test)]
mod tests {
    use protocol::report::{Report, Reports};
    use serde_json::{Value, json};

    use super::*;
    use crate::{accept, deadline, webhook::outbox::Answer};
    use protocol::webhook::WebhookUrl;

    const DAY: u64 = 86_400;

    fn next_due(job: &Job) -> (Timestamp, Deadline) {
        deadline::next_due(job, &Outbox::default())
    }

    fn on_alarm(job: &Job, now: Timestamp) -> AlarmOutcome {
        deadline::on_alarm(job, &Outbox::default(), now)
    }

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn report(job: Job, report: Value, second: u64) -> Job {
        let reports = Reports::One(Box::new(Report::from_json(report).unwrap()));
        accept::accept(job, reports, at(second)).job
    }

    fn new(first: Value) -> Job {
        report(Job::new("a".to_owned(), "k3v9a0".to_owned(), at(0)), first, 0)
    }

    fn changed(job: &Job, second: u64) -> Job {
        match on_alarm(job, at(second)) {
            AlarmOutcome::Changed(job) => *job,
            outcome => panic!("{outcome:?}"),
        }
    }

    #[test]
    fn a_job_expires_thirty_days_after_its_last_change_or_its_end() {
        let job = new(json!({}));
        assert_eq!(next_due(&job), (at(30 * DAY), Deadline::Expiry));
        let job = report(job, json!({"progress": 1}), 7 * DAY);
        assert_eq!((next_due(&job).0, job.document.expires_at), (at(37 * DAY), None));
        let job = report(job, json!({"status": "failed"}), 8 * DAY);
        assert_eq!((next_due(&job).0, job.document.expires_at), (at(38 * DAY), Some(at(38 * DAY))));
        assert_eq!(on_alarm(&job, at(38 * DAY)), AlarmOutcome::Expired);
        assert_eq!(on_alarm(&job, at(38 * DAY - 1)), AlarmOutcome::Early(at(38 * DAY)));
    }

    #[test]
    fn the_retention_of_a_job_counts_from_its_end_and_not_before() {
        let job = new(json!({"retentionSeconds": 60}));
        assert_eq!(next_due(&job), (at(30 * DAY), Deadline::Expiry));
        let job = report(job, json!({"status": "completed"}), 5);
        assert_eq!((next_due(&job), job.document.expires_at), ((at(65), Deadline::Expiry), Some(at(65))));
    }

    #[test]
    fn a_timeout_counts_from_the_start_and_pausing_does_not_stop_it() {
        let job = new(json!({"timeoutSeconds": 60}));
        assert_eq!(next_due(&job).1, Deadline::Expiry, "a queued job");
        let job = report(job, json!({"status": "running"}), 100);
        assert_eq!(next_due(&job), (at(160), Deadline::ExecutionTimeout));
        let job = report(job, json!({"status": "paused"}), 120);
        assert_eq!(next_due(&job), (at(160), Deadline::ExecutionTimeout));
        let document = changed(&job, 161).document;
        assert_eq!((document.status, document.timed_out_at), (Status::Timeout, Some(at(161))));
        assert_eq!(document.execution_time.map(|seconds| seconds.get()), Some(61.0));
        let error = document.error.unwrap();
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            (EXECUTION_TIMEOUT, "The job did not end within its timeout of 60 s")
        );
    }

    #[test]
    fn silence_ends_an_active_job_and_every_report_is_a_sign_of_life() {
        let job = new(json!({"heartbeatTimeoutSeconds": 30}));
        assert_eq!(next_due(&job).1, Deadline::Expiry, "a queued job");
        let job = report(job, json!({"status": "initializing"}), 10);
        assert_eq!(next_due(&job), (at(40), Deadline::HeartbeatTimeout));
        let job = report(job, json!({}), 35);
        assert_eq!(next_due(&job), (at(65), Deadline::HeartbeatTimeout));
        let stale = report(report(job.clone(), json!({"order": 5}), 36), json!({"order": 5}), 60);
        assert_eq!(next_due(&stale).0, at(66), "a report that is not accepted is none");
        let paused = report(job.clone(), json!({"status": "paused"}), 40);
        assert_eq!(next_due(&paused).1, Deadline::Expiry);
        let resumed = report(paused, json!({"status": "running"}), 500);
        assert_eq!(next_due(&resumed), (at(530), Deadline::HeartbeatTimeout));
        let document = changed(&job, 65).document;
        assert_eq!((document.status, document.seq), (Status::Timeout, job.document.seq + 1));
        assert_eq!(document.error.unwrap().code, HEARTBEAT_TIMEOUT);
    }

    #[test]
    fn a_stalled_job_is_marked_once_and_the_next_report_clears_the_mark() {
        let job = report(new(json!({"stalledAfterSeconds": 10})), json!({"status": "running"}), 5);
        assert_eq!(next_due(&job), (at(15), Deadline::Stall));
        let stalled = changed(&job, 15);
        assert_eq!((stalled.document.stalled_since, stalled.document.status), (Some(at(5)), Status::Running));
        assert_eq!(next_due(&stalled).1, Deadline::Expiry);
        let again = report(stalled.clone(), json!({}), 20);
        assert_eq!((again.document.stalled_since, next_due(&again).0), (None, at(30)));
        let ended = report(stalled, json!({"status": "failed"}), 20);
        assert_eq!((ended.document.stalled_since, next_due(&ended).1), (None, Deadline::Expiry));
    }

    #[test]
    fn an_end_precedes_a_mark_that_is_due_at_the_same_time() {
        let fields = json!({"status": "running", "stalledAfterSeconds": 10, "heartbeatTimeoutSeconds": 10, "timeoutSeconds": 10});
        let mut job = new(fields);
        for deadline in [Deadline::ExecutionTimeout, Deadline::HeartbeatTimeout, Deadline::Stall] {
            assert_eq!(next_due(&job), (at(10), deadline));
            match deadline {
                Deadline::ExecutionTimeout => job.document.timeout_seconds = None,
                _ => job.document.heartbeat_timeout_seconds = None,
            }
        }
    }

    #[test]
    fn a_clock_that_leaps_forward_ends_a_job_and_does_not_delete_it_unseen() {
        let job = new(json!({"status": "running", "timeoutSeconds": 60}));
        let ended = changed(&job, 40 * DAY);
        assert_eq!(ended.document.status, Status::Timeout);
        assert_eq!(next_due(&ended), (at(70 * DAY), Deadline::Expiry));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_time_precede_an_earlier_one_and_the_next_report_counts_anew() {
        let job = report(new(json!({"heartbeatTimeoutSeconds": 30})), json!({"status": "running"}), 4_000);
        assert_eq!(next_due(&job).0, at(4_030));
        let job = report(job, json!({}), 400);
        assert_eq!((next_due(&job).0, job.document.updated_at), (at(430), at(4_000)));
        let document = changed(&job, 430).document;
        assert_eq!((document.timed_out_at, document.updated_at), (Some(at(4_000)), at(4_000)));
        assert_eq!(document.execution_time.map(|seconds| seconds.get()), Some(0.0));
    }

    #[test]
    fn a_stall_mark_precedes_neither_the_start_nor_the_attempt_if_the_clock_was_set_back() {
        let job = report(new(json!({"stalledAfterSeconds": 10})), json!({"status": "running"}), 4_000);
        let silent = report(job.clone(), json!({}), 400);
        assert_eq!(changed(&silent, 410).document.stalled_since, Some(at(4_000)));
        let mut retried = report(job, json!({"status": "failed"}), 4_100);
        retried.retry(at(500));
        let silent = report(retried, json!({"status": "initializing"}), 501);
        assert_eq!(changed(&silent, 511).document.stalled_since, Some(at(4_100)));
    }

    #[test]
    fn the_alarm_moves_only_to_an_earlier_time_and_is_set_again_if_it_was_lost() {
        let job = new(json!({}));
        let alarm = |current, now| alarm(current, &job, &Outbox::default(), at(now));
        assert_eq!(alarm(None, 5), Some(at(30 * DAY)));
        assert_eq!(alarm(Some(at(30 * DAY + 1)), 5), Some(at(30 * DAY)));
        assert_eq!(alarm(Some(at(30 * DAY)), 5), None);
        assert_eq!(alarm(Some(at(10)), 130), None);
        assert_eq!(alarm(Some(at(10)), 131), Some(at(30 * DAY)));
    }

    #[test]
    fn a_record_of_a_release_without_deadlines_counts_from_the_last_change() {
        let mut job = report(new(json!({"heartbeatTimeoutSeconds": 30})), json!({"status": "running"}), 5);
        job.record.reported_at = None;
        assert_eq!(next_due(&job).0, at(35));
    }

    #[test]
    fn the_alarm_is_for_the_next_deadline_or_the_next_delivery_and_an_expiry_waits_for_deliveries() {
        let job = report(new(json!({"status": "running", "timeoutSeconds": 60})), json!({"status": "completed"}), 5);
        let mut outbox = Outbox::default();
        outbox.add(WebhookUrl("https://example.com/".to_owned()), at(5));
        assert_eq!(alarm(Some(at(30 * DAY)), &job, &outbox, at(5)), Some(at(5)));
        assert_eq!(deadline::next_due(&job, &outbox), (at(37 * DAY + 5), Deadline::Expiry));
        assert_eq!(deadline::on_alarm(&job, &outbox, at(31 * DAY)), AlarmOutcome::Early(at(37 * DAY + 5)));
        outbox.start(at(5));
        assert_eq!(alarm_due(&job, &outbox), at(25));
        assert_eq!(wake_due(Some(&job), &outbox, at(5)), Some(at(25)));
        outbox.finish(1, Answer::NoResponse("timeout"), at(20), 0.0, crate::webhook::schedule::Scale::default());
        assert_eq!(alarm_due(&job, &outbox), at(25));
        outbox.finish(1, Answer::Response { status: 200, retry_after: None }, at(26), 0.0, Default::default());
        assert_eq!(alarm_due(&job, &outbox), at(30 * DAY + 5));
    }
}
