//! The steps that the world can take, and the requests in them.

use proptest::prelude::*;
use protocol::control::ControlRequest;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The producer sends the report with this index.
    Report(usize),
    /// A person makes this request; `true` forces a cancel.
    Control(ControlRequest, bool),
    /// A new job takes the place of one that has ended; it is created with the body with this index.
    Replace(usize),
    /// Milliseconds pass.
    Wait(u64),
    /// Time passes up to the alarm, which fires.
    Alarm,
    /// The alarm fires now: late if its time has passed, early otherwise, as a timer can after a change of the clock.
    AlarmNow,
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

/// The bodies of creations: all deadlines from the start, and none of them.
pub(crate) const CREATIONS: [&str; 2] = [
    r#"{"timeoutSeconds": 15, "heartbeatTimeoutSeconds": 10, "stalledAfterSeconds": 5, "retentionSeconds": 60}"#,
    "{}",
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

/// The time that passes in one step of the search. All deadlines are multiples of it.
const WAIT_MS: u64 = 5_000;

impl Step {
    /// The steps of the search.
    pub(crate) fn all() -> impl Iterator<Item = Step> {
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
        reports.chain(requests).chain(others)
    }

    /// A random step. The steps that end the job are rare enough for many reports and requests to precede its end.
    pub(crate) fn any() -> impl Strategy<Value = Step> {
        let request = proptest::sample::select(ControlRequest::ALL.to_vec());
        prop_oneof![
            8 => (0..REPORTS.len()).prop_map(Step::Report),
            4 => request.prop_map(|request| Step::Control(request, false)),
            1 => Just(Step::Control(ControlRequest::Cancel, true)),
            1 => (0..CREATIONS.len()).prop_map(Step::Replace),
            6 => (1..20_000_u64).prop_map(Step::Wait),
            1 => (1..40 * 86_400_000_u64).prop_map(Step::Wait),
            4 => Just(Step::Alarm),
            2 => Just(Step::AlarmNow),
            1 => Just(Step::SetBack),
            1 => Just(Step::SetForward),
        ]
    }
}
