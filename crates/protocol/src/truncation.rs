//! Texts for people, which are cut where other texts are refused: a long traceback must not keep a job from ending.

use crate::limits::TRUNCATED;

/// The end of a text that was cut.
const ELLIPSIS: char = '…';

/// The paths of the texts of a report that were cut, at most [`TRUNCATED`] of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truncations(Vec<String>);

impl Truncations {
    /// Cuts a text that is longer than `limit` bytes between two characters. The result ends with `…` and is within the
    /// limit. `path` is called only if the text is cut.
    ///
    /// ```
    /// use protocol::truncation::Truncations;
    /// let mut truncations = Truncations::default();
    /// let mut message = "ééé".to_owned();
    /// truncations.cut(&mut message, 5, || "message".to_owned());
    /// assert_eq!((message.as_str(), truncations.into_paths()), ("é…", vec!["message".to_owned()]));
    /// ```
    pub fn cut(&mut self, text: &mut String, limit: usize, path: impl FnOnce() -> String) {
        if text.len() <= limit {
            return;
        }
        text.truncate(text.floor_char_boundary(limit.saturating_sub(ELLIPSIS.len_utf8())));
        text.push(ELLIPSIS);
        if self.0.len() < TRUNCATED {
            self.0.push(path());
        }
    }

    /// The paths, in the order of the fields.
    pub fn into_paths(self) -> Vec<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_within_the_limit_is_kept_and_a_longer_one_loses_no_more_than_it_must(
            text in any::<String>(),
            limit in 3_usize..80,
        ) {
            let mut cut = text.clone();
            let mut truncations = Truncations::default();
            truncations.cut(&mut cut, limit, || "message".to_owned());
            prop_assert_eq!(truncations.into_paths().is_empty(), text.len() <= limit);
            if text.len() <= limit {
                prop_assert_eq!(cut, text);
            } else {
                let kept = cut.strip_suffix(ELLIPSIS).unwrap();
                prop_assert!(text.starts_with(kept));
                // A character has at most four bytes.
                prop_assert!(cut.len() <= limit && cut.len() + 3 >= limit, "{} of {limit} bytes", cut.len());
            }
        }
    }
}
