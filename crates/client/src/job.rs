//! A job, and by which right and with what it is read.

use protocol::{cursor::Cursor, id::JobId, include::Include, limits::TOKEN_BYTES};

/// What a reader wants to be kept informed of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What opens it.
    pub token: Option<String>,
    /// What its documents shall hold beyond themselves.
    pub include: Include,
}

impl Job {
    /// The job `id`. A text that cannot be a token counts as none: it would spoil the request for the jobs beside it.
    pub fn new(id: JobId, token: Option<String>, include: Include) -> Job {
        Job { id, token: token.filter(|token| is_sendable(token)), include }
    }

    /// The names of what is included, in the order of their bits.
    pub fn included(&self) -> impl Iterator<Item = &'static str> {
        let wanted = [self.include.logs(), self.include.metrics(), self.include.resources()];
        Include::NAMES.into_iter().zip(wanted).filter_map(|(name, wanted)| wanted.then_some(name))
    }

    /// Appends the job as `POST /v2/jobs/status/stream` asks for it. None of its texts needs escaping.
    pub(crate) fn write(&self, body: &mut String, cursor: Option<&Cursor>) {
        let mut push = |parts: &[&str]| parts.iter().for_each(|part| body.push_str(part));
        push(&[r#"{"jobId":""#, self.id.as_str(), "\""]);
        if let Some(token) = &self.token {
            push(&[r#","token":""#, token, "\""]);
        }
        if self.include != Include::NONE {
            push(&[r#","include":[""#, &self.included().collect::<Vec<_>>().join(r#"",""#), "\"]"]);
        }
        if let Some(cursor) = cursor {
            push(&[r#","cursor":""#, &cursor.to_string(), "\""]);
        }
        push(&["}"]);
    }
}

/// Whether a text may stand in a header and, as it is, between the quotes of a JSON text.
pub(crate) fn is_sendable(token: &str) -> bool {
    !token.is_empty()
        && token.len() <= TOKEN_BYTES
        && token.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(token: &str, include: u8) -> Job {
        Job::new(JobId::parse("app:j-1").unwrap(), Some(token.to_owned()), Include::from_bits(include))
    }

    fn written(job: &Job, cursor: Option<&Cursor>) -> Value {
        let mut body = String::new();
        job.write(&mut body, cursor);
        serde_json::from_str(&body).unwrap()
    }

    #[test]
    fn a_job_is_asked_for_with_its_own_right_and_place() {
        let cursor = Cursor::new("k3v9a0", 7);
        assert_eq!(written(&job("t.o-k_n", 0), None), json!({"jobId": "app:j-1", "token": "t.o-k_n"}));
        assert_eq!(
            written(&job("t", 5), Some(&cursor)),
            json!({"jobId": "app:j-1", "token": "t", "include": ["logs", "resources"], "cursor": "k3v9a0.7"})
        );
    }

    #[test]
    fn what_cannot_be_a_token_is_not_sent() {
        let long = "x".repeat(TOKEN_BYTES + 1);
        for text in ["", "a\"b", "a\\b", "a b", "ä", "a\nb", &long] {
            assert_eq!(job(text, 0).token, None, "{text:?}");
        }
    }
}
