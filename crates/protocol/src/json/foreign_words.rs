//! Values that other languages write and JSON does not have, such as `NaN`.

/// Each word, and the JSON to send instead. A word comes before the words that it ends with.
const WORDS: [(&str, &str); 10] = [
    ("-Infinity", "null"),
    ("Infinity", "null"),
    ("NaN", "null"),
    ("nan", "null"),
    ("-inf", "null"),
    ("inf", "null"),
    ("None", "null"),
    ("undefined", "null"),
    ("True", "true"),
    ("False", "false"),
];

/// The word at which the parser stopped, and the JSON to send instead. `line` and `column` are those of the error.
pub(super) fn find(json: &[u8], line: usize, column: usize) -> Option<(&'static str, &'static str)> {
    let before: usize = json.split_inclusive(|byte| *byte == b'\n').take(line.checked_sub(1)?).map(<[u8]>::len).sum();
    let stop = before.saturating_add(column);
    // The parser stops within the first three bytes of the word, and its column is that of the last byte that it read.
    let is_at = |word: &str, back: usize| {
        let rest = stop
            .checked_sub(back)
            .and_then(|start| json.get(start..))
            .and_then(|rest| rest.strip_prefix(word.as_bytes()));
        // A letter continues the word, and a colon makes it a key.
        rest.is_some_and(|rest| {
            !rest.first().is_some_and(u8::is_ascii_alphanumeric) && !rest.trim_ascii_start().starts_with(b":")
        })
    };
    WORDS.into_iter().find(|(word, _)| (1..=3).any(|back| is_at(word, back)))
}
