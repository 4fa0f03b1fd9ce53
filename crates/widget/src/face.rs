//! The face: what is known of a job and of the way to it.

use protocol::{Status, Substate, Timestamp};

/// How news of the job arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// The page wants no news, or there is nothing to hear of.
    #[default]
    Idle,
    /// Nothing has arrived yet.
    Connecting,
    /// Every change arrives as it happens.
    Live,
    /// Changes are asked for every now and then.
    Polling,
    /// Nothing arrives any more; it is being tried again.
    Reconnecting,
    /// The device has no network.
    Offline,
    /// Nothing will arrive any more, though the job has not ended.
    Lost,
}

/// What keeps news away. The words that say more are for developers; who waits for a job can do nothing with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is being dealt with.
    Passing,
    /// It will not pass.
    Lasting,
}

/// What a bar shows of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Where it stands.
    pub status: Status,
    /// What it is doing while running.
    pub substate: Option<Substate>,
    /// 0–100, `None` where nobody knows.
    pub progress: Option<f64>,
    /// One line for people: the message, else the step it is at.
    pub message: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it is expected to finish.
    pub estimated_completion: Option<Timestamp>,
    /// Seconds that it took.
    pub execution_time: Option<f64>,
    /// How many jobs are before it.
    pub queue_position: Option<f64>,
    /// Since when nothing has been heard of it.
    pub stalled_since: Option<Timestamp>,
    /// When it will be tried again.
    pub next_retry_at: Option<Timestamp>,
}

/// All that a view shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    /// What the page calls the job.
    pub label: Option<String>,
    /// How the job stands, once that is known.
    pub job: Option<Job>,
    /// How news arrive.
    pub link: Link,
    /// Whether something keeps news away.
    pub trouble: Option<Trouble>,
    /// The time, by the server's clock.
    pub now: Timestamp,
}

impl Link {
    /// Whether news may still come. Where they cannot, what is known is how things stood then: nothing counts on.
    pub fn is_open(self) -> bool {
        !matches!(self, Link::Idle | Link::Lost)
    }
}

impl Face {
    /// Whether what there is to see changes with the time alone.
    pub fn counts(&self) -> bool {
        self.link.is_open() && self.job.as_ref().is_some_and(|job| job.counts(self.now))
    }
}

impl Job {
    fn counts(&self, now: Timestamp) -> bool {
        let is_running = self.status == Status::Running && self.estimated_completion.is_some();
        let is_silent = !self.status.is_terminal() && self.stalled_since.is_some();
        is_running || is_silent || self.waits_for_retry(now)
    }

    /// Whether it has ended and will be tried again.
    pub fn waits_for_retry(&self, now: Timestamp) -> bool {
        self.status.is_terminal() && self.next_retry_at.is_some_and(|at| at > now)
    }
}
