//! The texts of the face, in one table so that they can be replaced.

use protocol::{Status, Substate};

use crate::face::{Link, Trouble};

macro_rules! words {
    ($($word:ident $key:literal $english:literal,)*) => {
        /// What a text says. Where it speaks of an amount, `{}` stands for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is named after what it says")]
        pub enum Word { $($word,)* }

        /// The names under which a page replaces the texts, in the order of [`Word`].
        pub const KEYS: &[&str] = &[$($key,)*];

        const ENGLISH: &[&str] = &[$($english,)*];
    };
}

words! {
    // What the texts are in, a BCP 47 tag.
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
    // The state while nothing is known, and when nothing will be known.
    Connecting "connecting" "Connecting…",
    Unavailable "unavailable" "Not available",
    // Beside it then: for the moment, for good, and for good though something is known.
    NotYetShown "notYetShown" "Progress cannot be shown yet.",
    NotShown "notShown" "Progress cannot be shown.",
    NoLongerShown "noLongerShown" "Progress can no longer be followed.",
    Live "live" "Live",
    Polling "polling" "Polling",
    Reconnecting "reconnecting" "Reconnecting…",
    Offline "offline" "Offline",
    Lost "lost" "Disconnected",
    // The name of a bar that the page gives none.
    Progress "progress" "Progress",
    Left "left" "{} left",
    FewSecondsLeft "fewSecondsLeft" "A few seconds left",
    Took "took" "Took {}",
    Ahead "ahead" "{} ahead",
    NextTry "nextTry" "Next try in {}",
    NoNews "noNews" "No news for {}",
}

/// Every text that is not the producer's; English as far as it was not replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    own: Vec<Option<String>>,
}

impl Messages {
    /// The texts that `find` has for [`KEYS`].
    pub fn replaced(find: impl FnMut(&&str) -> Option<String>) -> Messages {
        Messages { own: KEYS.iter().map(find).collect() }
    }

    /// The text that says `word`.
    pub fn get(&self, word: Word) -> &str {
        let own = self.own.get(word as usize).and_then(Option::as_deref);
        own.or(ENGLISH.get(word as usize).copied()).unwrap_or_default()
    }

    /// The text that says `word` of an amount.
    pub fn with(&self, word: Word, amount: &str) -> String {
        let text = self.get(word);
        match text.split_once("{}") {
            Some((before, after)) => [before, amount, after].concat(),
            None => text.to_owned(),
        }
    }

    /// A job's state in words.
    pub fn state(&self, status: Status, substate: Option<Substate>) -> &str {
        self.get(match (status, substate) {
            (Status::Queued, _) => Word::Queued,
            (Status::Initializing, _) => Word::Initializing,
            (Status::Running, None) => Word::Running,
            (Status::Running, Some(Substate::WarmingUp)) => Word::WarmingUp,
            (Status::Running, Some(Substate::Processing)) => Word::Processing,
            (Status::Running, Some(Substate::Finalizing)) => Word::Finalizing,
            (Status::Running, Some(Substate::Uploading)) => Word::Uploading,
            (Status::Paused, _) => Word::Paused,
            (Status::Completed, _) => Word::Completed,
            (Status::Failed, _) => Word::Failed,
            (Status::Cancelled, _) => Word::Cancelled,
            (Status::Timeout, _) => Word::Timeout,
        })
    }

    /// What to say of trouble; `is_known` says whether anything is known of the job.
    pub fn trouble(&self, trouble: Trouble, is_known: bool) -> &str {
        self.get(match trouble {
            Trouble::Passing => Word::NotYetShown,
            Trouble::Lasting if is_known => Word::NoLongerShown,
            Trouble::Lasting => Word::NotShown,
        })
    }

    /// A link in words.
    pub fn link(&self, link: Link) -> &str {
        self.get(match link {
            Link::Connecting => Word::Connecting,
            Link::Live => Word::Live,
            Link::Polling => Word::Polling,
            Link::Reconnecting => Word::Reconnecting,
            Link::Offline => Word::Offline,
            Link::Idle | Link::Lost => Word::Lost,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_not_replaced_is_english() {
        let messages = Messages::replaced(|key| (**key == *"took").then(|| "Dauerte {}".to_owned()));
        assert_eq!(messages.with(Word::Took, "3 s"), "Dauerte 3 s");
        assert_eq!(messages.with(Word::Left, "3 s"), "3 s left");
        assert_eq!(messages.get(Word::Timeout), "Timed out");
        assert_eq!(Messages::default().get(Word::NoNews), "No news for {}");
    }

    #[test]
    fn a_text_without_a_place_for_the_amount_stands_alone() {
        let messages = Messages::replaced(|_| Some("Soon {".to_owned()));
        assert_eq!(messages.with(Word::Left, "3 s"), "Soon {");
    }
}
