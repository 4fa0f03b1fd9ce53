//! Names on the wire: job ids, projects, epochs.

use std::fmt;

use crate::{
    limits::{EPOCH_CHARS, JOB_ID_CHARS, PROJECT_CHARS},
    parse_error::from_str,
    time::Timestamp,
};

/// A job's id: 1 to 128 of `A–Z a–z 0–9 . _ ~ - : @ + =`, but neither `.` nor `..`, which a URL cannot have as a segment.
///
/// The ids of job queues and schedulers fit: `bull:1`, `run+1`, `scheduled__2026-01-01T00:00:00+00:00`, `user@host`,
/// base64 and nanoids. The other characters would have a meaning in a list of ids (`,`), in the name of an object (`/`), in a
/// URL or in a shell.
///
/// ```
/// use protocol::id::JobId;
/// assert!(JobId::parse("import-42").is_some());
/// assert!(JobId::parse("import 42").is_none());
/// assert_eq!(JobId::pair("my_app", "req.7").unwrap().as_str(), "my_app:req.7");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobId(String);

impl JobId {
    /// The form of a job id, for messages.
    pub const FORM: &'static str =
        "1 to 128 letters, digits or `.`, `_`, `~`, `-`, `:`, `@`, `+`, `=`, and neither `.` nor `..`";

    /// Parses a job id; `None` if the text is not one.
    pub fn parse(text: &str) -> Option<JobId> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-:@+=".contains(&byte);
        let is_id =
            (1..=JOB_ID_CHARS).contains(&text.len()) && text.bytes().all(is_allowed) && text != "." && text != "..";
        is_id.then(|| JobId(text.to_owned()))
    }

    /// The id of the job that the Tensorlake path names by `application` and `request`; `None` if one of them is not a job
    /// id without `:`, or both are too long together.
    pub fn pair(application: &str, request: &str) -> Option<JobId> {
        let is_half = |text: &str| !text.contains(':') && JobId::parse(text).is_some();
        (is_half(application) && is_half(request)).then(|| JobId::parse(&format!("{application}:{request}"))).flatten()
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

    /// The id as part of a URL, in its path, its query or its fragment: `:`, `@`, `+` and `=` are percent-encoded, as
    /// `encodeURIComponent` does it. In a query many programs read `+` as a space.
    ///
    /// ```
    /// use protocol::id::JobId;
    /// assert_eq!(JobId::parse("run+1").unwrap().to_url_part(), "run%2B1");
    /// ```
    pub fn to_url_part(&self) -> String {
        let mut part = String::with_capacity(self.0.len());
        for character in self.0.chars() {
            match character {
                ':' => part.push_str("%3A"),
                '@' => part.push_str("%40"),
                '+' => part.push_str("%2B"),
                '=' => part.push_str("%3D"),
                plain => part.push(plain),
            }
        }
        part
    }
}

from_str!(
    JobId,
    "a job id: 1 to 128 letters, digits or `.`, `_`, `~`, `-`, `:`, `@`, `+`, `=`, and neither `.` nor `..`"
);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
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

    /// Ids as job queues, schedulers and databases make them.
    const FOREIGN: [&str; 13] = [
        "-V1StGXR8_Z5jdHi6B-myT",
        "_V1StGXR8-Z5jdHi6B_myT",
        "scheduled__2026-01-01T00:00:00+00:00",
        "bull:1",
        "run+1",
        "abc==",
        "user@host",
        "app:req:7",
        ":",
        "...",
        ".a",
        "~",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    ];

    #[test]
    fn the_ids_of_other_systems_are_job_ids() {
        for text in FOREIGN {
            assert_eq!(JobId::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_job_id_is_accepted_at_the_limit_and_refused_one_past_it() {
        let longest = "a".repeat(JOB_ID_CHARS);
        assert!(JobId::parse(&longest).is_some());
        assert!(JobId::parse(&format!("{longest}a")).is_none());
    }

    #[test]
    fn a_text_of_another_form_is_not_a_job_id() {
        for text in [
            "", ".", "..", "a/b", "a b", "a%20b", "a\0", "a\n", "é", "a?b", "a#b", "a&b", "a,b", "a;b", "a!b", "a*b",
            "a'b", "a\"b", "a\\b", "a<b", "a$b", "a(b", "a[b", "a{b", "a|b", "a^b", "a`b",
        ] {
            assert_eq!(JobId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn in_a_url_an_id_has_only_characters_without_a_meaning_there() {
        for text in FOREIGN {
            let part = JobId::parse(text).unwrap().to_url_part();
            assert!(part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~-%".contains(&byte)), "{part}");
            let decoded = part.replace("%3A", ":").replace("%40", "@").replace("%2B", "+").replace("%3D", "=");
            assert_eq!(decoded, text);
        }
    }

    #[test]
    fn each_half_of_a_pair_is_an_id_without_a_colon_and_both_together_are_an_id() {
        assert_eq!(JobId::pair("a", "-b").unwrap().as_str(), "a:-b");
        for (application, request) in
            [("a:b", "c"), ("a", "b:c"), ("", "a"), ("a", ""), (".", "a"), ("a", ".."), ("a", "b/c")]
        {
            assert_eq!(JobId::pair(application, request), None, "{application} {request}");
        }
        let rest = "a".repeat(JOB_ID_CHARS - 2);
        assert!(JobId::pair("a", &rest).is_some());
        assert!(JobId::pair("aa", &rest).is_none());
    }

    #[test]
    fn generated_ids_are_job_ids_that_sort_by_time() {
        let at = |millis| JobId::generate(Timestamp::from_millis(millis), [255; 10]).to_string();
        assert_eq!(at(0), "job_0000000000zzzzzzzzzzzzzzzz");
        assert!(at(1_700_000_000_000) < at(1_700_000_000_001));
        assert!(JobId::parse(&at(1_700_000_000_000)).is_some());
    }

    #[test]
    fn an_epoch_has_six_base_36_characters() {
        assert_eq!(epoch([0, 35, 36, 255, 10, 9]), "0z03a9");
    }
}
