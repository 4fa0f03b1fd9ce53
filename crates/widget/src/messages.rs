//! The texts of a view, in one table so that a page can replace them.

use protocol::{Status, Substate, control::ControlRequest};

use crate::props::{Link, Problem};

macro_rules! messages {
    ($($variant:ident $key:literal $english:literal,)*) => {
        /// Names a text. In the text, `{}` is the place of the amount.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is named after its text")]
        pub enum MessageKey { $($variant,)* }

        /// The names under which a page replaces the texts, in the order of [`MessageKey`].
        pub const KEYS: &[&str] = &[$($key,)*];

        const ENGLISH: &[&str] = &[$($english,)*];
    };
}

messages! {
    // The language of the texts, a BCP 47 tag.
    Language "language" "en",
    Queued "queued" "Queued",
    Initializing "initializing" "Starting",
    Running "running" "Running",
    WarmingUp "warmingUp" "Warming up",
    Processing "processing" "Processing",
    Finalizing "finalizing" "Finalizing",
    Uploading "uploading" "Uploading",
    Paused "paused" "Paused",
    Completed "completed" "Completed",
    Failed "failed" "Failed",
    Cancelled "cancelled" "Cancelled",
    Timeout "timeout" "Timed out",
    // The state while a request to the producer is pending.
    Cancelling "cancelling" "Cancelling…",
    Pausing "pausing" "Pausing…",
    Resuming "resuming" "Resuming…",
    // The state before the first document, and when none will come.
    Connecting "connecting" "Connecting…",
    Unavailable "unavailable" "Not available",
    // The message of a problem: a transient one, a permanent one, and a permanent one after the first document.
    NotYetShown "notYetShown" "Progress cannot be shown yet.",
    NotShown "notShown" "Progress cannot be shown.",
    NoLongerShown "noLongerShown" "Progress can no longer be followed.",
    Live "live" "Live",
    Polling "polling" "Polling",
    Reconnecting "reconnecting" "Reconnecting…",
    Offline "offline" "Offline",
    Lost "lost" "Disconnected",
    // The accessible name of a bar without a label.
    Progress "progress" "Progress",
    Left "left" "{} left",
    FewSecondsLeft "fewSecondsLeft" "A few seconds left",
    Took "took" "Took {}",
    Ahead "ahead" "{} ahead",
    NextTry "nextTry" "Next try in {}",
    NoNews "noNews" "No update for {}",
}

/// Every text that is not the producer's: the page's replacements, else English.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// In the order of [`KEYS`]; empty when nothing is replaced.
    replaced: Vec<Option<String>>,
}

impl Messages {
    /// Replaces the texts for which `find` returns one; it is called with each of [`KEYS`].
    pub fn from_fn(find: impl FnMut(&&str) -> Option<String>) -> Messages {
        Messages { replaced: KEYS.iter().map(find).collect() }
    }

    /// The text of `key`.
    pub fn get(&self, key: MessageKey) -> &str {
        let replaced = self.replaced.get(key as usize).and_then(Option::as_deref);
        replaced.or(ENGLISH.get(key as usize).copied()).unwrap_or_default()
    }

    /// The text of `key`, with `amount` in the place of `{}`.
    pub fn with(&self, key: MessageKey, amount: &str) -> String {
        let text = self.get(key);
        // The search of the standard library for a text would add to the wasm.
        let place = text.as_bytes().windows(2).position(|pair| pair == b"{}");
        match place.and_then(|place| text.split_at_checked(place)) {
            Some((before, after)) => [before, amount, after.get(2..).unwrap_or_default()].concat(),
            None => text.to_owned(),
        }
    }

    /// The text of a job's state.
    pub fn state(&self, status: Status, substate: Option<Substate>) -> &str {
        self.get(match (status, substate) {
            (Status::Queued, _) => MessageKey::Queued,
            (Status::Initializing, _) => MessageKey::Initializing,
            (Status::Running, None) => MessageKey::Running,
            (Status::Running, Some(Substate::WarmingUp)) => MessageKey::WarmingUp,
            (Status::Running, Some(Substate::Processing)) => MessageKey::Processing,
            (Status::Running, Some(Substate::Finalizing)) => MessageKey::Finalizing,
            (Status::Running, Some(Substate::Uploading)) => MessageKey::Uploading,
            (Status::Paused, _) => MessageKey::Paused,
            (Status::Completed, _) => MessageKey::Completed,
            (Status::Failed, _) => MessageKey::Failed,
            (Status::Cancelled, _) => MessageKey::Cancelled,
            (Status::Timeout, _) => MessageKey::Timeout,
        })
    }

    /// The text in place of a job's state while that request is pending.
    pub fn pending(&self, request: ControlRequest) -> &str {
        self.get(match request {
            ControlRequest::Cancel => MessageKey::Cancelling,
            ControlRequest::Pause => MessageKey::Pausing,
            ControlRequest::Resume => MessageKey::Resuming,
            // It takes effect at once.
            ControlRequest::Retry => MessageKey::Queued,
        })
    }

    /// The text of a problem; `has_job` says whether a document has arrived.
    pub fn problem(&self, problem: Problem, has_job: bool) -> &str {
        self.get(match problem {
            Problem::Transient => MessageKey::NotYetShown,
            Problem::Permanent if has_job => MessageKey::NoLongerShown,
            Problem::Permanent => MessageKey::NotShown,
        })
    }

    /// The text of a link.
    pub fn link(&self, link: Link) -> &str {
        self.get(match link {
            Link::Connecting => MessageKey::Connecting,
            Link::Live => MessageKey::Live,
            Link::Polling => MessageKey::Polling,
            Link::Reconnecting => MessageKey::Reconnecting,
            Link::Offline => MessageKey::Offline,
            Link::Idle | Link::Lost => MessageKey::Lost,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_not_replaced_are_english() {
        let messages = Messages::from_fn(|key| (**key == *"took").then(|| "Dauerte {}".to_owned()));
        assert_eq!(messages.with(MessageKey::Took, "3 s"), "Dauerte 3 s");
        assert_eq!(messages.with(MessageKey::Left, "3 s"), "3 s left");
        assert_eq!(messages.get(MessageKey::Timeout), "Timed out");
        assert_eq!(Messages::default().get(MessageKey::NoNews), "No update for {}");
    }

    #[test]
    fn a_text_without_a_place_for_the_amount_is_used_as_it_is() {
        let messages = Messages::from_fn(|_| Some("Soon {".to_owned()));
        assert_eq!(messages.with(MessageKey::Left, "3 s"), "Soon {");
    }
}
