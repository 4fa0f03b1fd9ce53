//! A locale: its texts and its number format.

use std::{fmt, rc::Rc};

use crate::{format::Format, messages::Messages};

/// The texts and the number format of a view.
#[derive(Clone)]
pub struct Locale {
    /// The texts.
    pub messages: Rc<Messages>,
    /// The numbers.
    pub format: Rc<dyn Format>,
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locale").field("messages", &self.messages).finish_non_exhaustive()
    }
}

/// The language of numbers, durations and times beside texts in the language `texts`, for a reader of the language
/// `reader`; both are BCP 47 tags. `numberLanguage` in `js/number-language.js` is the same function; the
/// tests of both read `cases/number-language.json`.
///
/// Mixing two languages in one line is worse than a foreign language: "noch 3 min" and "3 Min. left" are neither. So
/// numbers are in the language of the texts, in the reader's regional form if that is the same language: `en-GB` beside
/// English texts, and `en` beside them for a German reader. Only custom texts that do not name their language (`None`) are
/// taken to be in the reader's.
pub fn number_language<'a>(texts: Option<&'a str>, reader: &'a str) -> &'a str {
    let primary = |tag: &'a str| tag.split('-').next().unwrap_or_default();
    match texts {
        Some(texts) if !primary(texts).eq_ignore_ascii_case(primary(reader)) => texts,
        _ => reader,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn numbers_are_in_the_language_of_the_texts_and_in_the_readers_regional_form() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../cases/number-language.json")).unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let found = number_language(case["texts"].as_str(), case["reader"].as_str().unwrap());
            assert_eq!(found, case["expect"], "{case}");
        }
    }
}
