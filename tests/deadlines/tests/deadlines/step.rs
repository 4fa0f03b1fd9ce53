//! The steps that the world can take, and the requests in them.

use proptest::prelude::*;
use protocol::control::ControlRequest;

use crate::{delivery::Reply, subscribers::Subscriber};

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The producer sends the report with this index.
    Report(usize),
    /// A person makes this request; `true` forces a cancel.
    Control(ControlRequest, bool),
    /// A new job takes the place of one that has ended, or of none; it is created with the body with this index.
    Replace(usize),
    /// A person deletes the job.
    Delete,
    /// Milliseconds pass.
    Wait(u64),
    /// Time passes up to the alarm, which fires; or until its handler, which is still active, wakes.
    Alarm,
    /// The alarm fires now, or its handler wakes: late if its time has passed, early otherwise, as a timer can after a change
    /// of the clock.
    AlarmNow,
    /// The receiver of this one of the deliveries that are being sent responds.
    Respond(usize, Reply),
    /// The object is killed. What is being sent has no result.
    Kill,
    /// The oldest delivery that is being sent is accepted, and the object is killed before the handler of the alarm wakes.
    RespondAndKill,
    /// The clock is set back by an hour.
    SetBack,
    /// The clock is set forward by forty days.
    SetForward,
}

/// How often each change of the clock may still occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    /// Times that the clock is set back by an hour.
    pub(crate) set_back: u8,
    /// Times that the clock is set forward by forty days.
    pub(crate) set_forward: u8,
}

/// The bodies of creations: all deadlines from the start; none of them; two subscribers; and, with those of the project, more
/// subscribers than are sent to at a time.
pub(crate) const CREATIONS: [&str; 4] = [
    r#"{"timeoutSeconds": 15, "heartbeatTimeoutSeconds": 10, "stalledAfterSeconds": 5, "retentionSeconds": 60}"#,
    "{}",
    r#"{"timeoutSeconds": 15, "stalledAfterSeconds": 10, "retentionSeconds": 60, "webhooks": [
        {"url": "https://a.example/", "events": ["job.started", "job.completed", "job.timeout", "job.deleted"]},
        {"url": "https://b.example/"}]}"#,
    r#"{"timeoutSeconds": 15, "retentionSeconds": 60, "webhooks": [
        {"url": "https://a.example/", "events": ["job.queued", "job.deleted"]},
        {"url": "https://b.example/", "events": ["job.queued", "job.timeout"]},
        {"url": "https://c.example/", "events": ["job.queued", "job.started"]},
        {"url": "https://d.example/", "events": ["job.queued"]},
        {"url": "https://e.example/", "events": ["job.queued"]}]}"#,
];

/// The subscriptions of the project in which the job with the last creation is.
pub(crate) const PROJECT: &str = r#"[
    {"url": "https://a.example/", "events": ["job.completed"]},
    {"url": "https://f.example/", "events": ["job.queued", "job.deleted"]},
    {"url": "https://g.example/", "events": ["job.queued", "job.started", "job.timeout"]}]"#;

const ALL_EVENTS: &[&str] = &[
    "queued",
    "started",
    "paused",
    "resumed",
    "stalled",
    "completed",
    "failed",
    "cancelled",
    "timeout",
    "retried",
    "control",
    "deleted",
];

/// Of each creation, who is notified of what. The subscription of a job precedes that of its project to the same URL.
pub(crate) const SUBSCRIBERS: [&[Subscriber]; 4] = [
    &[],
    &[],
    &[("https://a.example/", &["started", "completed", "timeout", "deleted"]), ("https://b.example/", ALL_EVENTS)],
    &[
        ("https://a.example/", &["queued", "deleted"]),
        ("https://b.example/", &["queued", "timeout"]),
        ("https://c.example/", &["queued", "started"]),
        ("https://d.example/", &["queued"]),
        ("https://e.example/", &["queued"]),
        ("https://f.example/", &["queued", "deleted"]),
        ("https://g.example/", &["queued", "started", "timeout"]),
    ],
];

/// The reports.
pub(crate) const REPORTS: [&str; 10] = [
    "{}",
    r#"{"status": "initializing"}"#,
    r#"{"status": "running"}"#,
    r#"{"status": "paused"}"#,
    r#"{"status": "failed"}"#,
    r#"{"status": "completed", "retentionSeconds": 120}"#,
    r#"{"order": 1}"#,
    r#"{"attempt": 1, "progress": 50}"#,
    r#"{"timeoutSeconds": 10, "heartbeatTimeoutSeconds": 5, "stalledAfterSeconds": null}"#,
    r#"{"timeoutSeconds": null, "heartbeatTimeoutSeconds": null, "stalledAfterSeconds": 10}"#,
];

/// The reports of the search with deliveries: those that cause most of the events, and one that changes the deadlines.
const REPORTS_WITH_DELIVERIES: [usize; 4] = [2, 3, 5, 8];

/// The time that passes in one step of the search. All deadlines are multiples of it.
const WAIT_MS: u64 = 5_000;

/// Longer than the retention, and shorter than deliveries delay an expiry.
const LONG_WAIT_MS: u64 = 3_600_000;

impl Step {
    /// The steps of the search without deliveries.
    pub(crate) fn all() -> Vec<Step> {
        let reports = (0..REPORTS.len()).map(Step::Report);
        let requests = ControlRequest::ALL.map(|request| Step::Control(request, false));
        let others = [
            Step::Control(ControlRequest::Cancel, true),
            Step::Replace(0),
            Step::Wait(WAIT_MS),
            Step::Alarm,
            Step::AlarmNow,
            Step::SetBack,
            Step::SetForward,
        ];
        reports.chain(requests).chain(others).collect()
    }

    /// The steps of the search with deliveries to a job with the creation with this index.
    pub(crate) fn with_deliveries(creation: usize) -> Vec<Step> {
        let reports = REPORTS_WITH_DELIVERIES.map(Step::Report);
        let responses = [0, 1].into_iter().flat_map(|index| Reply::ALL.map(|reply| Step::Respond(index, reply)));
        let others = [
            Step::Control(ControlRequest::Cancel, true),
            Step::Control(ControlRequest::Retry, false),
            Step::Replace(creation),
            Step::Delete,
            Step::Kill,
            Step::RespondAndKill,
            Step::Wait(WAIT_MS),
            Step::Wait(LONG_WAIT_MS),
            Step::Alarm,
            Step::AlarmNow,
            Step::SetBack,
            Step::SetForward,
        ];
        reports.into_iter().chain(responses).chain(others).collect()
    }

    /// A random step. The steps that end the job are rare enough for many reports and requests to precede its end.
    pub(crate) fn any() -> impl Strategy<Value = Step> {
        let request = proptest::sample::select(ControlRequest::ALL.to_vec());
        // Most receivers work: one that is gone gets nothing for the rest of the walk.
        let reply = prop_oneof![10 => Just(Reply::Accepted), 5 => Just(Reply::Failed), 1 => Just(Reply::Gone)];
        let normal = prop_oneof![
            8 => (0..REPORTS.len()).prop_map(Step::Report),
            4 => request.prop_map(|request| Step::Control(request, false)),
            1 => Just(Step::Control(ControlRequest::Cancel, true)),
            2 => (0..CREATIONS.len()).prop_map(Step::Replace),
            6 => (1..20_000_u64).prop_map(Step::Wait),
            4 => Just(Step::Alarm),
            2 => Just(Step::AlarmNow),
            10 => (0..7_usize, reply).prop_map(|(index, reply)| Step::Respond(index, reply)),
        ];
        let rare = prop_oneof![
            (1..40 * 86_400_000_u64).prop_map(Step::Wait),
            Just(Step::Delete),
            Just(Step::Kill),
            Just(Step::RespondAndKill),
            Just(Step::SetBack),
            Just(Step::SetForward),
        ];
        prop_oneof![9 => normal, 1 => rare]
    }
}
