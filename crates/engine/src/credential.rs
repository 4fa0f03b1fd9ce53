//! The credential of a request, before it is verified: a key or a token in the header, the URL or the body.
//!
//! [`Access::authenticate`](crate::access::Access::authenticate) verifies it.

use std::fmt;

use protocol::{Problem, problem::Code};

use crate::{
    key::{KEY_PREFIX, KeyError},
    token::TokenError,
};

/// A credential that is not verified yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
}

/// The kind of a credential by its form and its place in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Key,
    Token,
    /// A token in the URL, where proxies, logs and browser histories keep it.
    TokenInUrl,
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({:?}, redacted)", self.kind)
    }
}

impl<'a> Credential<'a> {
    /// The one credential of a request: its `Authorization` header or its `?token=`.
    ///
    /// # Errors
    ///
    /// The request has no credential or two, or the one it has is malformed.
    pub fn from_request(
        authorization: Option<&'a str>,
        query: Option<&'a str>,
    ) -> Result<Credential<'a>, Unauthenticated> {
        match (authorization, query) {
            (Some(header), None) => Credential::from_authorization(header),
            (None, Some(token)) => Credential::from_query(token),
            (Some(_), Some(_)) => Err(Unauthenticated::Two),
            (None, None) => Err(Unauthenticated::Missing),
        }
    }

    /// The key or token of an `Authorization: Bearer …` header (RFC 6750); the case of the scheme does not matter.
    ///
    /// # Errors
    ///
    /// The scheme is missing or is not `Bearer`, or it is not followed by exactly one word.
    pub fn from_authorization(header: &'a str) -> Result<Credential<'a>, Unauthenticated> {
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
        Ok(Credential { kind: if text.starts_with(KEY_PREFIX) { Kind::Key } else { Kind::Token }, text })
    }

    /// The token of `?token=`, for a native `EventSource`, which cannot send headers.
    ///
    /// # Errors
    ///
    /// The text is a key, which is no longer secret once it has been in a URL.
    pub fn from_query(token: &'a str) -> Result<Credential<'a>, Unauthenticated> {
        if token.starts_with(KEY_PREFIX) {
            return Err(Unauthenticated::KeyInUrl);
        }
        Ok(Credential { kind: Kind::TokenInUrl, text: token })
    }

    /// The token of one job in the body of a stream of many jobs.
    ///
    /// # Errors
    ///
    /// The text is a key, which belongs in the header and is valid for all of the jobs.
    pub fn from_body(token: &'a str) -> Result<Credential<'a>, Unauthenticated> {
        if token.starts_with(KEY_PREFIX) {
            return Err(Unauthenticated::KeyInBody);
        }
        Ok(Credential { kind: Kind::Token, text: token })
    }
}

/// Whether the text after `Bearer` is a token68 (RFC 9110 section 11.2). Two header fields joined by a comma are not.
fn is_token68(text: &str) -> bool {
    let word = text.trim_end_matches('=');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !word.is_empty() && word.bytes().all(fits)
}

/// Why a request is not authenticated: a 401 `UNAUTHENTICATED`, which is sent with a
/// [`challenge`](Unauthenticated::challenge).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthenticated {
    /// The request has no credential.
    Missing,
    /// The request has a credential in the header and one in the URL.
    Two,
    /// The header is one word: a key or token without a scheme.
    NoScheme,
    /// The scheme is not `Bearer`.
    NotBearer,
    /// `Bearer` is not followed by exactly one word.
    NotOneWord,
    /// A key is in the URL.
    KeyInUrl,
    /// A key is in a body that takes a token.
    KeyInBody,
    /// A token in the URL has more permissions than `jobs:read`.
    ChangingTokenInUrl,
    /// The key is malformed or unknown.
    Key(KeyError),
    /// The token is not valid.
    Token(TokenError),
    /// The token is valid, but its project has no keys any more.
    ProjectGone,
}

impl Unauthenticated {
    /// The value of the header `WWW-Authenticate` of the response (RFC 6750 section 3). It has no error code if the
    /// request had no credential.
    pub fn challenge(&self) -> &'static str {
        match self {
            Unauthenticated::Missing => r#"Bearer realm="job-progress""#,
            Unauthenticated::Two
            | Unauthenticated::NoScheme
            | Unauthenticated::NotBearer
            | Unauthenticated::NotOneWord => r#"Bearer realm="job-progress", error="invalid_request""#,
            _ => r#"Bearer realm="job-progress", error="invalid_token""#,
        }
    }
}

impl fmt::Display for Unauthenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unauthenticated::Key(error) => return error.fmt(f),
            Unauthenticated::Token(error) => return error.fmt(f),
            Unauthenticated::Missing => "Send an API key or a token as `Authorization: Bearer <key or token>`.",
            Unauthenticated::Two => {
                "Send one credential: this request has one in the Authorization header and one in the URL."
            }
            Unauthenticated::NoScheme => "Write `Bearer ` before the key or token in the Authorization header.",
            Unauthenticated::NotBearer => {
                "The authentication scheme must be Bearer: send `Authorization: Bearer <key or token>`."
            }
            Unauthenticated::NotOneWord => "Send exactly one key or token after `Bearer ` in the Authorization header.",
            Unauthenticated::KeyInUrl => {
                "An API key must not be sent in a URL, because logs and browser histories keep it: replace this key, \
                 and use a read-only token in URLs."
            }
            Unauthenticated::KeyInBody => {
                "A job's `token` must not be an API key: send the key as `Authorization: Bearer <key>`."
            }
            Unauthenticated::ChangingTokenInUrl => {
                "A token in a URL may have only the permission jobs:read: send this token as \
                 `Authorization: Bearer <token>`."
            }
            Unauthenticated::ProjectGone => {
                "The token's project no longer has an API key, so its tokens are not valid: ask the operator for a key."
            }
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bearer_is_accepted_in_any_case_and_with_any_spacing() {
        for header in ["Bearer jp_a_b", "bearer jp_a_b", "BEARER   jp_a_b", " Bearer jp_a_b\t"] {
            let credential = Credential::from_authorization(header).unwrap();
            assert_eq!((credential.kind, credential.text), (Kind::Key, "jp_a_b"), "{header:?}");
        }
        assert_eq!(Credential::from_authorization("Bearer eyJ.a.b").unwrap().kind, Kind::Token);
    }

    #[test]
    fn every_other_header_is_refused_with_a_message_of_its_own() {
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
    fn a_request_has_exactly_one_credential() {
        assert_eq!(Credential::from_request(None, None), Err(Unauthenticated::Missing));
        assert_eq!(Credential::from_request(Some("Bearer a"), Some("b")), Err(Unauthenticated::Two));
        assert_eq!(Credential::from_request(None, Some("b")).unwrap().kind, Kind::TokenInUrl);
    }

    #[test]
    fn the_challenge_has_an_error_only_if_a_credential_was_sent() {
        assert!(!Unauthenticated::Missing.challenge().contains("error"));
        assert!(Unauthenticated::Token(TokenError::Signature).challenge().contains("invalid_token"));
    }

    proptest! {
        #[test]
        fn no_header_panics_and_an_accepted_credential_is_one_word(header in "(Bearer )?\\PC{0,60}") {
            if let Ok(credential) = Credential::from_authorization(&header) {
                prop_assert!(!credential.text.is_empty() && !credential.text.contains([' ', ',']));
            }
        }
    }
}
