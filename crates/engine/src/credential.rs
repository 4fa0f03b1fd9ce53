//! What a caller sends to say who it is: a key or a token, in the header, the URL or the body; found, not yet believed.

use std::fmt;

use protocol::Problem;
use protocol::problem::Code;

use crate::key::{KEY_PREFIX, KeyError};
use crate::token::TokenError;

/// A credential as it came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    pub(crate) sort: Sort,
    pub(crate) text: &'a str,
}

/// What a credential seems to be, and where it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Key,
    Token,
    /// A token that proxies, logs and browser histories have seen.
    TokenInUrl,
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({:?}, redacted)", self.sort)
    }
}

impl<'a> Credential<'a> {
    /// The one credential of a request: its `Authorization` header or its `?token=`.
    ///
    /// # Errors
    /// Neither is there, both are, or the one that is there cannot be read.
    pub fn from_request(authorization: Option<&'a str>, query: Option<&'a str>) -> Result<Self, Unauthenticated> {
        match (authorization, query) {
            (Some(header), None) => Self::from_authorization(header),
            (None, Some(token)) => Self::from_query(token),
            (Some(_), Some(_)) => Err(Unauthenticated::Two),
            (None, None) => Err(Unauthenticated::Missing),
        }
    }

    /// The key or token of an `Authorization: Bearer …` header (RFC 6750); the scheme in any case.
    ///
    /// # Errors
    /// Another scheme, none, or something else than one word after it.
    pub fn from_authorization(header: &'a str) -> Result<Self, Unauthenticated> {
        let header = header.trim_ascii();
        let Some((scheme, text)) = header.split_once(' ') else {
            let scheme_alone = header.eq_ignore_ascii_case("Bearer");
            return Err(if scheme_alone { Unauthenticated::NotOneWord } else { Unauthenticated::NoScheme });
        };
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(Unauthenticated::NotBearer);
        }
        let text = text.trim_ascii();
        if !is_token68(text) {
            return Err(Unauthenticated::NotOneWord);
        }
        Ok(Self { sort: if text.starts_with(KEY_PREFIX) { Sort::Key } else { Sort::Token }, text })
    }

    /// The token of `?token=`, which native `EventSource` needs since it sends no headers.
    ///
    /// # Errors
    /// A key: what has been in a URL is no secret any more.
    pub fn from_query(token: &'a str) -> Result<Self, Unauthenticated> {
        if token.starts_with(KEY_PREFIX) {
            return Err(Unauthenticated::KeyInUrl);
        }
        Ok(Self { sort: Sort::TokenInUrl, text: token })
    }

    /// A job's own token in the body of a stream of many jobs.
    ///
    /// # Errors
    /// A key: it belongs into the header, where it opens all of them.
    pub fn from_body(token: &'a str) -> Result<Self, Unauthenticated> {
        if token.starts_with(KEY_PREFIX) {
            return Err(Unauthenticated::KeyInBody);
        }
        Ok(Self { sort: Sort::Token, text: token })
    }
}

/// The form of what follows `Bearer` (RFC 9110 section 11.2); two headers joined by a comma have not got it.
fn is_token68(text: &str) -> bool {
    let word = text.trim_end_matches('=');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !word.is_empty() && word.bytes().all(fits)
}

/// A caller that has not shown who it is: a 401 `UNAUTHENTICATED`, to go out with its [`challenge`](Self::challenge).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthenticated {
    /// No credential at all.
    Missing,
    /// One in the header and one in the URL.
    Two,
    /// A header that is one word: a key or token without its scheme.
    NoScheme,
    /// Another scheme than `Bearer`.
    NotBearer,
    /// Not exactly one word after `Bearer`.
    NotOneWord,
    /// A key in the URL.
    KeyInUrl,
    /// A key where a job's own token is expected.
    KeyInBody,
    /// A token in the URL that may do more than read.
    ChangingTokenInUrl,
    /// A key that opens nothing.
    Key(KeyError),
    /// A token that is not believed.
    Token(TokenError),
    /// A good token of a project whose keys have all been taken away.
    ProjectGone,
}

impl Unauthenticated {
    /// The value of the answer's `WWW-Authenticate` (RFC 6750 section 3): who sent no credential is told no error.
    pub fn challenge(&self) -> &'static str {
        match self {
            Self::Missing => r#"Bearer realm="job-progress""#,
            Self::Two | Self::NoScheme | Self::NotBearer | Self::NotOneWord => {
                r#"Bearer realm="job-progress", error="invalid_request""#
            }
            _ => r#"Bearer realm="job-progress", error="invalid_token""#,
        }
    }
}

impl fmt::Display for Unauthenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(error) => return error.fmt(f),
            Self::Token(error) => return error.fmt(f),
            Self::Missing => "Send an API key or a token as `Authorization: Bearer <key or token>`.",
            Self::Two => "Send one credential: there is one in the Authorization header and one in the URL.",
            Self::NoScheme => "Write `Bearer ` before the key or token in the Authorization header.",
            Self::NotBearer => "Only Bearer credentials are taken: `Authorization: Bearer <key or token>`.",
            Self::NotOneWord => "Exactly one key or token must follow `Bearer ` in the Authorization header.",
            Self::KeyInUrl => {
                "An API key must never stand in a URL, where logs and histories keep it: replace this key. \
                 Pages use a token that only reads."
            }
            Self::KeyInBody => "A job's own token is expected here; send the API key as `Authorization: Bearer <key>`.",
            Self::ChangingTokenInUrl => {
                "A token in the URL may hold only jobs:read; send this one as `Authorization: Bearer <token>`."
            }
            Self::ProjectGone => "The token's project has no API keys here any more, so its tokens are good no more.",
        })
    }
}

impl std::error::Error for Unauthenticated {}

impl From<Unauthenticated> for Problem {
    fn from(refusal: Unauthenticated) -> Problem {
        Problem::new(Code::Unauthenticated, refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bearer_is_taken_in_any_case_and_spacing() {
        for header in ["Bearer jp_a_b", "bearer jp_a_b", "BEARER   jp_a_b", " Bearer jp_a_b\t"] {
            let credential = Credential::from_authorization(header).unwrap();
            assert_eq!((credential.sort, credential.text), (Sort::Key, "jp_a_b"), "{header:?}");
        }
        assert_eq!(Credential::from_authorization("Bearer eyJ.a.b").unwrap().sort, Sort::Token);
    }

    #[test]
    fn every_other_header_is_refused_with_its_own_sentence() {
        for (header, refusal) in [
            ("", Unauthenticated::NoScheme),
            ("jp_a_b", Unauthenticated::NoScheme),
            ("eyJ.a.b", Unauthenticated::NoScheme),
            ("Bearer", Unauthenticated::NotOneWord),
            ("Bearer  ", Unauthenticated::NotOneWord),
            ("Bearer a b", Unauthenticated::NotOneWord),
            ("Bearer a, Bearer b", Unauthenticated::NotOneWord),
            ("Bearer \"a\"", Unauthenticated::NotOneWord),
            ("Bearer é", Unauthenticated::NotOneWord),
            ("Bearer =", Unauthenticated::NotOneWord),
            ("Bearer\ta", Unauthenticated::NoScheme),
            ("Basic YTpi", Unauthenticated::NotBearer),
            ("Digest username=\"a\", realm=\"b\"", Unauthenticated::NotBearer),
            ("ApiKey jp_a_b", Unauthenticated::NotBearer),
        ] {
            assert_eq!(Credential::from_authorization(header), Err(refusal), "{header:?}");
        }
    }

    #[test]
    fn a_key_is_refused_in_the_url_and_in_a_body() {
        assert_eq!(Credential::from_query("jp_a_b"), Err(Unauthenticated::KeyInUrl));
        assert_eq!(Credential::from_body("jp_a_b"), Err(Unauthenticated::KeyInBody));
    }

    #[test]
    fn a_request_carries_exactly_one_credential() {
        assert_eq!(Credential::from_request(None, None), Err(Unauthenticated::Missing));
        assert_eq!(Credential::from_request(Some("Bearer a"), Some("b")), Err(Unauthenticated::Two));
        assert_eq!(Credential::from_request(None, Some("b")).unwrap().sort, Sort::TokenInUrl);
    }

    #[test]
    fn only_a_sent_credential_is_called_an_error() {
        assert!(!Unauthenticated::Missing.challenge().contains("error"));
        assert!(Unauthenticated::Token(TokenError::Signature).challenge().contains("invalid_token"));
    }

    proptest! {
        #[test]
        fn no_header_panics_and_what_is_taken_is_one_word(header in "(Bearer )?\\PC{0,60}") {
            if let Ok(credential) = Credential::from_authorization(&header) {
                prop_assert!(!credential.text.is_empty() && !credential.text.contains([' ', ',']));
            }
        }
    }
}
