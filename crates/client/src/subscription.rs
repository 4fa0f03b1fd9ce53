//! A subscription: which job a reader wants to follow, with which token, and what its documents include.

use protocol::{cursor::Cursor, id::JobId, include::Include, limits::TOKEN_BYTES};

/// A job that a reader wants to follow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subscription {
    /// The job's id.
    pub id: JobId,
    /// The token or key that gives access to the job.
    pub token: Option<String>,
    /// The parts that its documents include.
    pub include: Include,
}

impl Subscription {
    /// A subscription to the job `id`. A text that cannot be a token is dropped: the server would refuse the whole
    /// request, with all its other jobs.
    pub fn new(id: JobId, token: Option<String>, include: Include) -> Subscription {
        Subscription { id, token: token.filter(|token| is_sendable(token)), include }
    }

    /// The names of the included parts, in the order of their bits.
    pub fn included(&self) -> impl Iterator<Item = &'static str> {
        let wanted = [self.include.logs(), self.include.metrics(), self.include.resources()];
        Include::NAMES.into_iter().zip(wanted).filter_map(|(name, wanted)| wanted.then_some(name))
    }

    /// Appends the item of `jobs` in the body of `POST /v2/jobs/status/stream`. None of its texts needs escaping.
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
            push(&[r#","cursor":""#, &cursor.text(), "\""]);
        }
        push(&["}"]);
    }
}

/// Whether a text is valid in a header and, unescaped, between the quotes of a JSON string.
fn is_sendable(token: &str) -> bool {
    !token.is_empty()
        && token.len() <= TOKEN_BYTES
        && token.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn subscription(token: &str, include: u8) -> Subscription {
        Subscription::new(JobId::parse("app:j-1").unwrap(), Some(token.to_owned()), Include::from_bits(include))
    }

    fn written(subscription: &Subscription, cursor: Option<&Cursor>) -> Value {
        let mut body = String::new();
        subscription.write(&mut body, cursor);
        serde_json::from_str(&body).unwrap()
    }

    #[test]
    fn a_job_is_requested_with_its_own_token_include_and_cursor() {
        let cursor = Cursor::new("k3v9a0", 7);
        assert_eq!(written(&subscription("t.o-k_n", 0), None), json!({"jobId": "app:j-1", "token": "t.o-k_n"}));
        assert_eq!(
            written(&subscription("t", 5), Some(&cursor)),
            json!({"jobId": "app:j-1", "token": "t", "include": ["logs", "resources"], "cursor": "k3v9a0.7"})
        );
    }

    #[test]
    fn a_text_that_cannot_be_a_token_is_not_sent() {
        let long = "x".repeat(TOKEN_BYTES + 1);
        for text in ["", "a\"b", "a\\b", "a b", "ä", "a\nb", &long] {
            assert_eq!(subscription(text, 0).token, None, "{text:?}");
        }
    }
}
