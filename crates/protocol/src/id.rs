//! Names on the wire: job ids, projects, epochs.

use std::fmt;

use crate::{
    limits::{EPOCH_CHARS, JOB_ID_CHARS, PROJECT_CHARS},
    parse_error::from_str,
    time::Timestamp,
};

/// A job's id: `[A-Za-z0-9][A-Za-z0-9._~-]{0,127}`, or two of them joined by `:` for a job of the Tensorlake path.
///
/// ```
/// use protocol::id::JobId;
/// assert!(JobId::parse("import-42").is_some());
/// assert!(JobId::parse("my_app:req.7").is_some());
/// assert!(JobId::parse("-import").is_none());
/// assert!(JobId::parse_new("my_app:req.7").is_none());
/// assert_eq!(JobId::pair("my_app", "req.7").unwrap().as_str(), "my_app:req.7");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobId(String);

impl JobId {
    /// The form of a job id, for messages.
    pub const FORM: &'static str = "a letter or digit, then up to 127 letters, digits, `.`, `_`, `~` or `-`";

    /// Parses the id of a job that may exist; `None` if the text is not a job id.
    pub fn parse(text: &str) -> Option<JobId> {
        let legal = match text.split_once(':') {
            Some((application, request)) => is_name(application) && is_name(request),
            None => is_name(text),
        };
        legal.then(|| JobId(text.to_owned()))
    }

    /// Parses the id of a job to create through v2, which has no `:`.
    pub fn parse_new(text: &str) -> Option<JobId> {
        is_name(text).then(|| JobId(text.to_owned()))
    }

    /// The id of the job that the Tensorlake path names by `application` and `request`.
    pub fn pair(application: &str, request: &str) -> Option<JobId> {
        (is_name(application) && is_name(request)).then(|| JobId(format!("{application}:{request}")))
    }

    /// Generates an id: `job_` and 26 characters that sort by time, from 48 bits of milliseconds and 80 bits of `random`
    /// (the layout of a ULID, <https://github.com/ulid/spec>, in lower case).
    pub fn generate(now: Timestamp, random: [u8; 10]) -> JobId {
        const CROCKFORD: [char; 32] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm',
            'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'y', 'z',
        ];
        let bits = random.into_iter().fold(u128::from(now.millis()), |bits, byte| bits << 8 | u128::from(byte));
        let digits = (0..26).rev().filter_map(|place: u32| {
            let digit = bits.checked_shr(place.checked_mul(5)?)? & 31;
            CROCKFORD.get(usize::try_from(digit).ok()?)
        });
        JobId("job_".chars().chain(digits.copied()).collect())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

from_str!(JobId, "a job id: a letter or digit, then letters, digits, `.`, `_`, `~` or `-`");

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` has the form of a job id without `:`, which is also the form of each half of a pair.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= JOB_ID_CHARS
        && bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte))
}

/// Whether `text` has the form of a project: `[a-z0-9-]{1,32}`.
pub fn is_project(text: &str) -> bool {
    (1..=PROJECT_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Generates an epoch: six base-36 characters, one from each byte of `random`.
pub fn epoch(random: [u8; EPOCH_CHARS]) -> String {
    // 256 is not a multiple of 36: four of the characters are an eighth more frequent, which does not matter for an epoch.
    random.into_iter().filter_map(|byte| char::from_digit(u32::from(byte % 36), 36)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_id_is_accepted_at_the_limit_and_refused_one_past_it() {
        let longest = "a".repeat(JOB_ID_CHARS);
        assert!(JobId::parse(&longest).is_some());
        assert!(JobId::parse(&format!("{longest}a")).is_none());
        assert!(JobId::parse(&format!("{longest}:{longest}")).is_some());
        assert!(JobId::parse(&format!("{longest}:{longest}a")).is_none());
    }

    #[test]
    fn a_text_of_another_form_is_not_a_job_id() {
        for text in [
            "", ".", "..", "-a", "~a", "_a", "a/b", "a b", "a%20b", "a\0", "a\n", "é", "a:b:c", ":a", "a:", "a:-b",
            "a?b",
        ] {
            assert_eq!(JobId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn generated_ids_are_job_ids_that_sort_by_time() {
        let at = |millis| JobId::generate(Timestamp::from_millis(millis), [255; 10]).to_string();
        assert_eq!(at(0), "job_0000000000zzzzzzzzzzzzzzzz");
        assert!(at(1_700_000_000_000) < at(1_700_000_000_001));
        assert!(JobId::parse_new(&at(1_700_000_000_000)).is_some());
    }

    #[test]
    fn an_epoch_has_six_base_36_characters() {
        assert_eq!(epoch([0, 35, 36, 255, 10, 9]), "0z03a9");
    }
}
