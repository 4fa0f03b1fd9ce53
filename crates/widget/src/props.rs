//! The input of a view: what is known of a job and of the connection to it.

use protocol::{Status, Substate, Timestamp, control::ControlRequest};

/// Milliseconds between two paints of a view that counts seconds.
pub const SECOND_MS: u64 = 1_000;

/// How changes of the job arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// The page wants no updates, or no job is named.
    #[default]
    Idle,
    /// Nothing has arrived yet.
    Connecting,
    /// Every change arrives as it happens.
    Live,
    /// The state is requested at intervals.
    Polling,
    /// The connection is lost and is being retried.
    Reconnecting,
    /// The device has no network.
    Offline,
    /// No more updates will arrive, although the job has not ended.
    Lost,
}

/// Which changes are announced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Announce {
    /// Changes of state, and progress by quarters.
    #[default]
    All,
    /// Only the end of the job.
    End,
    /// Nothing.
    Off,
}

impl Announce {
    /// Reads the name; anything else is the default.
    pub fn parse(name: &str) -> Announce {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("off") {
            Announce::Off
        } else if is("end") {
            Announce::End
        } else {
            Announce::All
        }
    }
}

/// Why no updates arrive. The details are for developers: a reader who waits for the job cannot act on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It may pass: the client retries.
    Transient,
    /// It is final: the client has given up.
    Permanent,
}

/// The part of a status document that a bar shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The lifecycle state.
    pub status: Status,
    /// The phase of a running job.
    pub substate: Option<Substate>,
    /// The request that the producer has not confirmed yet.
    pub pending: Option<ControlRequest>,
    /// 0–100, `None` while unknown.
    pub progress: Option<f64>,
    /// One line for people: the message, else why the job waits, else the current step.
    pub message: Option<String>,
    /// Why the job failed.
    pub error: Option<String>,
    /// When the job is expected to finish.
    pub estimated_completion: Option<Timestamp>,
    /// Seconds from start to end.
    pub execution_time: Option<f64>,
    /// The number of jobs ahead in the queue.
    pub queue_position: Option<f64>,
    /// When the last report came.
    pub updated_at: Option<Timestamp>,
    /// Seconds without a report after which the producer counts as silent; `None` for the default.
    pub stalled_after: Option<f64>,
    /// When the last report came, if the server says that the producer has been silent for too long since.
    pub stalled_since: Option<Timestamp>,
    /// When the job will be tried again.
    pub next_retry_at: Option<Timestamp>,
}

/// Everything that a view shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Props {
    /// The page's name for the job.
    pub label: Option<String>,
    /// The accessible name; empty without one.
    pub name: String,
    /// The job, once a document has arrived.
    pub job: Option<Job>,
    /// How changes arrive.
    pub link: Link,
    /// Why no updates arrive.
    pub problem: Option<Problem>,
    /// Which changes are announced to screen readers.
    pub announce: Announce,
    /// The time by the server's clock.
    pub now: Timestamp,
}

impl Link {
    /// The name for style sheets.
    pub fn name(self) -> &'static str {
        match self {
            Link::Idle => "idle",
            Link::Connecting => "connecting",
            Link::Live => "live",
            Link::Polling => "polling",
            Link::Reconnecting => "reconnecting",
            Link::Offline => "offline",
            Link::Lost => "lost",
        }
    }

    /// Whether updates may still arrive. Otherwise the document describes a past state, and no elapsed or remaining time is
    /// counted.
    pub fn is_open(self) -> bool {
        !matches!(self, Link::Idle | Link::Lost)
    }
}

impl Props {
    /// The milliseconds until the view changes with the time alone; `None` if it does not.
    pub fn next_change(&self) -> Option<u64> {
        let job = self.job.as_ref().filter(|_| self.link.is_open())?;
        let is_counting = job.waits_for_retry(self.now) || (job.has_estimate() && job.silence(self.now).is_none());
        if is_counting { Some(SECOND_MS) } else { job.next_silence(self.now) }
    }
}

impl Job {
    /// A job of which only the status is known.
    #[cfg(test)]
    pub(crate) fn new(status: Status) -> Job {
        Job {
            status,
            substate: None,
            pending: None,
            progress: None,
            message: None,
            error: None,
            estimated_completion: None,
            execution_time: None,
            queue_position: None,
            updated_at: None,
            stalled_after: None,
            stalled_since: None,
            next_retry_at: None,
        }
    }

    fn has_estimate(&self) -> bool {
        self.status == Status::Running && self.estimated_completion.is_some()
    }

    /// Whether the job has ended and will be tried again.
    fn waits_for_retry(&self, now: Timestamp) -> bool {
        self.status.is_terminal() && self.next_retry_at.is_some_and(|at| at > now)
    }
}
