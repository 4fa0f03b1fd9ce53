//! The script: the reports of the producer, and their frames, made once by the real functions.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use engine::{
    accept::{accept, create},
    job::Job,
    pending_broadcast::{InitialState, PendingBroadcast},
    subscription::{self, Admission},
};
use protocol::{Timestamp, cursor::Cursor, include::Include, log_line::LogLine, report::from_body};
use serde_json::json;

/// The bytes of a frame.
pub(crate) type Frame = Rc<[u8]>;

/// The id of the job.
pub(crate) const JOB: &str = "import-42";

/// The bit of `logs`: log lines are the only history, so only they can be lost.
pub(crate) const INCLUDE: u8 = 1;

/// The first and the last commit of a broadcast, and the commit at which its viewer subscribed meanwhile.
type Broadcast = (usize, usize, Option<usize>);

/// All commits of a job.
pub(crate) struct Script {
    /// The job after its creation, and after each report.
    pub(crate) jobs: Vec<Job>,
    /// The log lines of each of these commits.
    pub(crate) lines: Vec<Vec<LogLine>>,
    /// The results of `broadcast`, a pure function, by its arguments.
    broadcasts: RefCell<HashMap<Broadcast, Vec<Frame>>>,
}

/// What a producer reports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plot {
    /// The number of reports after the creation.
    pub(crate) reports: usize,
    /// Whether the last report ends the job.
    pub(crate) ends: bool,
    /// Whether each report has a log line.
    pub(crate) logs: bool,
    /// The report that is the first one of a new job under the same id; the one before it ends the former job.
    pub(crate) replaces: Option<usize>,
}

/// The epochs of the job and of the one that replaces it.
const EPOCHS: [&str; 2] = ["k3v9a0", "zzzzzz"];

/// The time of a commit; in this model nothing depends on the time.
fn at(commit: usize) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + commit as u64 * 1_000)
}

impl Script {
    /// Creates the job and accepts the reports.
    pub(crate) fn new(plot: Plot) -> Script {
        let report = |number: usize| {
            let is_replaced = plot.replaces == Some(number + 1);
            let ends = is_replaced || plot.ends && number == plot.reports;
            let status = if ends { "completed" } else { "running" };
            let logs: &[String] = if plot.logs { &[format!("line {number}")] } else { &[] };
            // While a retry is planned, the streams of a job that has ended stay open.
            let retry = is_replaced.then_some(at(number).plus_millis(600_000));
            let report =
                json!({"status": status, "current": number, "order": number, "logs": logs, "nextRetryAt": retry});
            from_body(report).unwrap()
        };
        let new = |epoch: &str, number| Job::new(JOB.to_owned(), epoch.to_owned(), at(number));
        let created = create(new(EPOCHS[0], 0), report(0), at(0)).unwrap();
        let (mut jobs, mut lines) = (vec![created.job], vec![created.lines]);
        for number in 1..=plot.reports {
            let former = jobs[number - 1].clone();
            let accepted = if plot.replaces == Some(number) {
                assert!(former.may_be_replaced(true));
                create(new(EPOCHS[1], number).replacing(&former), report(number), at(number)).unwrap()
            } else {
                accept(former, report(number), at(number))
            };
            assert!(accepted.changed);
            jobs.push(accepted.job);
            lines.push(accepted.lines);
        }
        Script { jobs, lines, broadcasts: RefCell::default() }
    }

    /// The index of the last commit.
    pub(crate) fn last(&self) -> usize {
        self.jobs.len() - 1
    }

    /// The lines of the commits up to that one which are of the same job.
    pub(crate) fn lines_of_job(&self, commit: usize) -> &[Vec<LogLine>] {
        let epoch = &self.jobs[commit].document.epoch;
        let first = self.jobs.iter().position(|job| job.document.epoch == *epoch).unwrap_or_default();
        &self.lines[first..=commit]
    }

    /// Whether the job has ended with that commit.
    pub(crate) fn has_ended(&self, commit: usize) -> bool {
        subscription::has_ended(&self.jobs[commit].document, at(commit))
    }

    /// The frames of a broadcast of the commits from `first` to `last`, for a viewer that subscribed before, or meanwhile
    /// at commit `initial`.
    pub(crate) fn broadcast(&self, first: usize, last: usize, initial: Option<usize>) -> Vec<Frame> {
        let mut broadcasts = self.broadcasts.borrow_mut();
        let frames = broadcasts.entry((first, last, initial)).or_insert_with(|| {
            let mut pending = PendingBroadcast::new(&self.jobs[first], &self.lines[first]);
            for later in first + 1..=last {
                pending.add(&self.jobs[later], &self.lines[later]);
            }
            let include = Include::from_bits(INCLUDE);
            let frames = match initial {
                Some(initial) => pending.frames_after(&InitialState::new(&self.jobs[initial]), include, at(last)),
                None => {
                    let (frames, ended) = pending.frames(include, at(last));
                    assert_eq!(ended, self.has_ended(last));
                    frames
                }
            };
            frames.into_iter().map(Rc::from).collect()
        });
        frames.clone()
    }

    /// The initial frames of a subscription at `commit`. On a stream of many jobs there is always one.
    pub(crate) fn initial_frames(&self, commit: usize, cursor: Option<&Cursor>) -> Vec<Frame> {
        let job = &self.jobs[commit];
        let admission = subscription::admit(&job.document, cursor, at(commit));
        let ended = matches!(admission, Admission::Finished | Admission::Admitted { ended: true });
        let most = usize::try_from(subscription::initial_line_count(job, cursor)).unwrap();
        let all: Vec<_> = self.lines_of_job(commit).concat();
        let last = all[all.len().saturating_sub(most)..].to_vec();
        let frames = subscription::initial_frames(job, Include::from_bits(INCLUDE), last, ended);
        frames.into_iter().map(Rc::from).collect()
    }
}
