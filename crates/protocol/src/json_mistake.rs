//! Common mistakes in bodies that are not JSON: what was sent instead, and what to send.

use serde::de::IgnoredAny;

const WINDOWS_QUOTES: &str = "it begins with a single quote, because the command line of Windows keeps single quotes and removes \
                              double ones: escape the double quotes (\"{\\\"progress\\\": 45}\") or send a file (`curl -d @file`)";
const SINGLE_QUOTES: &str =
    "it has a text in single quotes: JSON has double quotes (json.dumps in Python, JSON.stringify in JavaScript)";
const NO_QUOTES: &str = "it has a name without double quotes, which some shells remove: escape them (\"{\\\"progress\\\": 45}\") or send \
                         a file (`curl -d @file`)";
const SEVERAL: &str =
    "it has several JSON texts: send several reports with `Content-Type: application/x-ndjson` or as a JSON array";
const FORM: &str =
    "it has form fields: send JSON such as {\"current\": 45, \"total\": 100} with `Content-Type: application/json`";
const PERCENT_ENCODED: &str = "it is percent-encoded: send the JSON as it is (`curl -d`, not `--data-urlencode`)";

/// What was sent instead of JSON, and what to send, as the end of a sentence; `None` if that is not clear. The parser failed
/// at `line` and `column`, both from 1.
///
/// ```text
/// current=45&total=100  →  it has form fields: …
/// ```
pub(crate) fn hint(body: &[u8], line: usize, column: usize) -> Option<&'static str> {
    let line = body.split(|byte| *byte == b'\n').nth(line.checked_sub(1)?)?;
    let (before, after) = line.split_at_checked(column.checked_sub(1)?)?;
    let start = body.trim_ascii_start();
    match after.first() {
        Some(b'\'') if start.starts_with(b"'") => Some(WINDOWS_QUOTES),
        Some(b'\'') => Some(SINGLE_QUOTES),
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') if before.trim_ascii_end().ends_with(b"{") => Some(NO_QUOTES),
        _ if has_several_texts(body) => Some(SEVERAL),
        _ if start.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"%7b")) => Some(PERCENT_ENCODED),
        _ if is_form(start) => Some(FORM),
        _ => None,
    }
}

/// Whether the body begins with a JSON text, and with an object or a list after it.
fn has_several_texts(body: &[u8]) -> bool {
    let mut texts = serde_json::Deserializer::from_slice(body).into_iter::<IgnoredAny>();
    let is_text = matches!(texts.next(), Some(Ok(_)));
    let rest = body.get(texts.byte_offset()..).unwrap_or_default().trim_ascii_start();
    is_text && (rest.starts_with(b"{") || rest.starts_with(b"["))
}

/// Whether the body begins with the name of a form field and `=`.
fn is_form(body: &[u8]) -> bool {
    let name = body.split(|byte| *byte == b'=').next().unwrap_or_default();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.%[]".contains(byte);
    !name.is_empty() && name.len() < body.len() && name.iter().all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn message(body: &str) -> String {
        json::parse(body.as_bytes()).unwrap_err().message().to_owned()
    }

    #[test]
    fn what_was_sent_instead_of_json_is_named() {
        for (body, hint) in [
            ("'{\"progress\": 45}'", WINDOWS_QUOTES),
            ("'{progress:", WINDOWS_QUOTES),
            (" '{progress:45}'", WINDOWS_QUOTES),
            ("{'progress': 45}", SINGLE_QUOTES),
            ("{\"message\": 'half'}", SINGLE_QUOTES),
            ("[\n  {'progress': 45}]", SINGLE_QUOTES),
            ("{progress: 45}", NO_QUOTES),
            ("[{ progress: 45}]", NO_QUOTES),
            ("{\"progress\": 1}\n{\"progress\": 2}\n", SEVERAL),
            ("{}{}", SEVERAL),
            ("{\"progress\": 1} {\"progress\":", SEVERAL),
            ("current=45&total=100", FORM),
            ("progress=45", FORM),
            ("payload={\"progress\":45}", FORM),
            ("report%5Bprogress%5D=45", FORM),
            ("%7B%22progress%22%3A45%7D", PERCENT_ENCODED),
        ] {
            let message = message(body);
            assert!(message.ends_with(&format!("; {hint}")), "{body}: {message}");
            assert!(message.starts_with("`body` is not JSON: "), "{body}: {message}");
        }
    }

    #[test]
    fn other_mistakes_are_shown_as_the_parser_names_them() {
        for body in
            ["{", "{]", "nul", "{} x", "01", "{\"progress\": nul}", "<a b=\"c\"/>", "=", "a b=c", "{\"a\": \"'\"", "\""]
        {
            let message = message(body);
            assert!(!message.contains(';'), "{body}: {message}");
            assert!(message.contains("line 1 column"), "{body}: {message}");
        }
    }

    #[test]
    fn a_place_outside_of_the_body_gives_no_hint() {
        for (line, column) in [(0, 0), (1, 0), (2, 1), (1, 9), (9, 9)] {
            assert_eq!(hint(b"'{}'", line, column), None);
        }
    }
}
