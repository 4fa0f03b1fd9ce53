//! A language: its texts and how it writes numbers.

use std::rc::Rc;

use crate::{format::Format, messages::Messages};

/// A language.
#[derive(Clone)]
pub struct Tongue {
    /// The texts.
    pub messages: Rc<Messages>,
    /// The numbers.
    pub format: Rc<dyn Format>,
}

/// The language to write numbers, durations and times in, beside texts in the language `texts`, where `wanted` is the
/// reader's; both are BCP 47 tags.
///
/// A line in two languages is worse than one in a foreign one: "noch 3 min" and "3 Min. left" are neither. So it is the
/// texts' language, in the reader's way where that is one of the same language: `en-GB` beside English texts, and `en`
/// beside them for who reads German. Only texts of the page's own that do not say what they are in are taken to be in the
/// reader's.
pub fn written<'a>(texts: Option<&'a str>, wanted: &'a str) -> &'a str {
    let primary = |tag: &'a str| tag.split('-').next().unwrap_or_default();
    match texts {
        Some(texts) if !primary(texts).eq_ignore_ascii_case(primary(wanted)) => texts,
        _ => wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_the_language_of_the_texts_and_in_the_readers_way_of_it() {
        for (texts, wanted, found) in [
            (Some("en"), "de", "en"),
            (Some("en"), "en-GB", "en-GB"),
            (Some("en"), "EN-in", "EN-in"),
            (Some("en"), "no tag", "en"),
            (Some("de"), "en-US", "de"),
            (Some("de"), "de-AT", "de-AT"),
            (Some("de-CH"), "de", "de"),
            (None, "ar", "ar"),
        ] {
            assert_eq!(written(texts, wanted), found, "{texts:?} {wanted}");
        }
    }
}
