//! The face: what is known of a job and of the way to it.

use protocol::{Status, Substate, Timestamp};

/// How news of the job arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Nothing has arrived yet.
    #[default]
    Connecting,
    /// Every change arrives as it happens.
    Live,
    /// Changes are asked for every now and then.
    Polling,
    /// Nothing arrives any more; it is being tried again.
    Reconnecting,
    /// The device has no network.
    Offline,
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
    /// Why nothing arrives, in the server's words.
    pub problem: Option<String>,
    /// The time, by the server's clock.
    pub now: Timestamp,
}
