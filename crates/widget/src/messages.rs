//! The texts of the face, in one table so that they can be replaced.

use std::borrow::Cow;

use protocol::{Status, Substate};

use crate::face::Link;

type Text = Cow<'static, str>;

/// Every text that is not the producer's. In those that speak of an amount, `{}` stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named after what it says")]
pub struct Messages {
    pub queued: Text,
    pub initializing: Text,
    pub running: Text,
    pub warming_up: Text,
    pub processing: Text,
    pub finalizing: Text,
    pub uploading: Text,
    pub paused: Text,
    pub completed: Text,
    pub failed: Text,
    pub cancelled: Text,
    pub timeout: Text,
    /// The state while nothing is known.
    pub connecting: Text,
    /// The state when nothing will be known.
    pub unavailable: Text,
    pub live: Text,
    pub polling: Text,
    pub reconnecting: Text,
    pub offline: Text,
    /// The name of a bar that the page gives none.
    pub progress: Text,
    pub left: Text,
    pub few_seconds_left: Text,
    pub took: Text,
}

impl Messages {
    /// The built-in texts.
    pub const ENGLISH: Messages = Messages {
        queued: Text::Borrowed("Queued"),
        initializing: Text::Borrowed("Starting"),
        running: Text::Borrowed("Running"),
        warming_up: Text::Borrowed("Warming up"),
        processing: Text::Borrowed("Processing"),
        finalizing: Text::Borrowed("Finalizing"),
        uploading: Text::Borrowed("Uploading"),
        paused: Text::Borrowed("Paused"),
        completed: Text::Borrowed("Completed"),
        failed: Text::Borrowed("Failed"),
        cancelled: Text::Borrowed("Cancelled"),
        timeout: Text::Borrowed("Timed out"),
        connecting: Text::Borrowed("Connecting…"),
        unavailable: Text::Borrowed("Not available"),
        live: Text::Borrowed("Live"),
        polling: Text::Borrowed("Polling"),
        reconnecting: Text::Borrowed("Reconnecting…"),
        offline: Text::Borrowed("Offline"),
        progress: Text::Borrowed("Progress"),
        left: Text::Borrowed("{} left"),
        few_seconds_left: Text::Borrowed("A few seconds left"),
        took: Text::Borrowed("Took {}"),
    };

    /// A job's state in words.
    pub fn state(&self, status: Status, substate: Option<Substate>) -> &str {
        match (status, substate) {
            (Status::Queued, _) => &self.queued,
            (Status::Initializing, _) => &self.initializing,
            (Status::Running, None) => &self.running,
            (Status::Running, Some(Substate::WarmingUp)) => &self.warming_up,
            (Status::Running, Some(Substate::Processing)) => &self.processing,
            (Status::Running, Some(Substate::Finalizing)) => &self.finalizing,
            (Status::Running, Some(Substate::Uploading)) => &self.uploading,
            (Status::Paused, _) => &self.paused,
            (Status::Completed, _) => &self.completed,
            (Status::Failed, _) => &self.failed,
            (Status::Cancelled, _) => &self.cancelled,
            (Status::Timeout, _) => &self.timeout,
        }
    }

    /// A text that speaks of an amount, with the amount in it.
    pub fn with(text: &str, amount: &str) -> String {
        match text.split_once('{') {
            Some((before, after)) => [before, amount, after.strip_prefix('}').unwrap_or(after)].concat(),
            None => text.to_owned(),
        }
    }

    /// A link in words.
    pub fn link(&self, link: Link) -> &str {
        match link {
            Link::Connecting => &self.connecting,
            Link::Live => &self.live,
            Link::Polling => &self.polling,
            Link::Reconnecting => &self.reconnecting,
            Link::Offline => &self.offline,
        }
    }
}
