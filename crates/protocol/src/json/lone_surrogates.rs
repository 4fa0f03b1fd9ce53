//! Lone surrogates: escapes such as `\ud83d` that are half of a character. JavaScript writes them when it cuts a text, and
//! Python when it decodes a file name. A text in UTF-8 cannot hold them.

/// The escape of U+FFFD, the replacement character.
const REPLACEMENT: &[u8; 6] = br"\ufffd";

/// The JSON text with the escape of U+FFFD in place of each escaped lone surrogate; `None` if it has none. No byte moves,
/// so the places of syntax errors stay the same.
pub(super) fn replace(json: &[u8]) -> Option<Vec<u8>> {
    let mut replaced: Option<Vec<u8>> = None;
    let mut at = 0_usize;
    // Outside of strings a backslash is a syntax error, so that strings need not be found.
    while let Some(found) = json.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at = at.saturating_add(found);
        let escape = json.get(at..).and_then(code_unit);
        let next = json.get(at.saturating_add(6)..).and_then(code_unit);
        let width = match (escape, next) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                let text = replaced.get_or_insert_with(|| json.to_vec());
                if let Some(escape) = text.get_mut(at..at.saturating_add(6)) {
                    escape.copy_from_slice(REPLACEMENT);
                }
                6
            }
            (Some(_), _) => 6,
            // Any other escape: the second byte may be a backslash.
            (None, _) => 2,
        };
        at = at.saturating_add(width);
    }
    replaced
}

/// The code unit that the escape `\uXXXX` at the start of the text stands for.
fn code_unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(br"\u")?.get(..4)?;
    digits.iter().try_fold(0_u16, |unit, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        unit.checked_mul(16)?.checked_add(u16::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_lone_surrogates_are_replaced() {
        for (json, expected) in [
            (r#""cat \ud83d""#, Some(r#""cat \ufffd""#)),
            (r#""\uDC80x\uDBFF""#, Some(r#""\ufffdx\ufffd""#)),
            (r#"{"\ud800": "\ud800\ud800\udc00"}"#, Some(r#"{"\ufffd": "\ufffd\ud800\udc00"}"#)),
            (r#""\ud83d\n""#, Some(r#""\ufffd\n""#)),
            (r#""\ud83d\ude00""#, None),
            (r#""\\ud83d""#, None),
            (r#""\u00e9\ud7ff\ue000""#, None),
            (r#""\ud83"#, None),
            (r"\", None),
        ] {
            assert_eq!(replace(json.as_bytes()).as_deref(), expected.map(str::as_bytes), "{json}");
        }
    }

    proptest! {
        /// As `String::from_utf16_lossy` does.
        #[test]
        fn every_sequence_of_code_units_is_read(units in proptest::collection::vec(0xd700_u16..0xe100, 0..8)) {
            let json = format!("\"{}\"", units.iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>());
            let text = replace(json.as_bytes()).unwrap_or_else(|| json.into_bytes());
            prop_assert_eq!(serde_json::from_slice::<String>(&text).unwrap(), String::from_utf16_lossy(&units));
        }
    }
}
