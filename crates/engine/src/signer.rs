//! The signer: the deployment's token secrets, and the signing secret of each project that is derived from them.

use std::fmt;

use crate::{
    crypto::{base64url, hmac_sha256, hmac_sha256_verifies},
    not_configured::NotConfigured,
};

/// The text that is signed to derive a project's secret, in front of the project's name. Another derivation would get
/// another prefix, and so other secrets.
const DERIVATION: &str = "job-progress/v1/";
/// The same for the key that encrypts the cursors of a project's lists.
const CURSOR_DERIVATION: &str = "job-progress/cursors/v1/";
/// The shortest token secret, in characters: a project knows its own derived secret and could guess a shorter one from
/// it.
const MIN_SECRET_CHARS: usize = 32;

/// The text with which the tokens of a project are signed. JWT libraries must use its characters as the key, undecoded.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

impl SigningSecret {
    /// The text itself, for the owner of the project alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(redacted)")
    }
}

/// The token secrets of the deployment, from which the signing secret of every project is derived.
#[derive(Clone)]
pub struct Signer {
    current: String,
    previous: Option<String>,
}

impl Signer {
    /// A signer that signs with `TOKEN_SECRET` and also verifies what was signed with `TOKEN_SECRET_PREVIOUS`.
    ///
    /// White space around a secret is removed (`echo … | wrangler secret put` adds a line end); an empty previous
    /// secret is the same as none.
    ///
    /// # Errors
    ///
    /// The current secret is empty, or a secret has fewer than 32 characters.
    pub fn new(token_secret: &str, previous: Option<&str>) -> Result<Signer, NotConfigured> {
        let current = token_secret.trim_ascii();
        let previous = previous.map(str::trim_ascii).filter(|previous| !previous.is_empty());
        if current.is_empty() {
            return Err(NotConfigured::NoTokenSecret);
        }
        for (secret, variable) in [(Some(current), "TOKEN_SECRET"), (previous, "TOKEN_SECRET_PREVIOUS")] {
            if secret.is_some_and(|secret| secret.chars().count() < MIN_SECRET_CHARS) {
                return Err(NotConfigured::ShortTokenSecret { variable });
            }
        }
        Ok(Signer { current: current.to_owned(), previous: previous.map(str::to_owned) })
    }

    /// The text with which the back end of a project signs its tokens:
    /// base64url(HMAC-SHA256(`TOKEN_SECRET`, `"job-progress/v1/"` + project)), without padding.
    ///
    /// ```
    /// let signer = engine::signer::Signer::new("0123456789abcdef0123456789abcdef", None).unwrap();
    /// assert_eq!(signer.signing_secret("acme").reveal(), "hpMJqcriCniCxZ23md9_FQNHvoNruixy4UVrDRpCBh8");
    /// ```
    pub fn signing_secret(&self, project: &str) -> SigningSecret {
        derive(&self.current, project)
    }

    /// The keys of a project under which the cursors of its lists are encrypted: of the current token secret, and of the
    /// previous one.
    pub(crate) fn cursor_keys(&self, project: &str) -> [Option<[u8; 32]>; 2] {
        let derivation = format!("{CURSOR_DERIVATION}{project}");
        self.token_secrets().map(|secret| Some(hmac_sha256(secret?.as_bytes(), derivation.as_bytes())))
    }

    /// The current token secret and the previous one.
    pub(crate) fn token_secrets(&self) -> [Option<&str>; 2] {
        [Some(&self.current), self.previous.as_deref()]
    }

    /// Whether the message was signed for the project, with the current secret or the previous one. Both are always
    /// tried, so that the time taken does not depend on which of them it was.
    pub(crate) fn check_signature(&self, project: &str, message: &[u8], signature: &[u8]) -> bool {
        let signed_under = |token_secret: &String| {
            hmac_sha256_verifies(derive(token_secret, project).reveal().as_bytes(), message, signature)
        };
        signed_under(&self.current) | self.previous.as_ref().is_some_and(signed_under)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.previous.is_some() { "Signer(redacted, rotating)" } else { "Signer(redacted)" })
    }
}

fn derive(token_secret: &str, project: &str) -> SigningSecret {
    SigningSecret(base64url(&hmac_sha256(token_secret.as_bytes(), format!("{DERIVATION}{project}").as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_secret_is_removed() {
        let secret = "s".repeat(32);
        let plain = Signer::new(&secret, Some("")).unwrap();
        let piped = Signer::new(&format!(" {secret}\r\n"), Some("\n")).unwrap();
        assert_eq!(plain.signing_secret("acme"), piped.signing_secret("acme"));
        assert!(piped.previous.is_none());
    }

    #[test]
    fn the_error_for_a_missing_or_short_secret_names_its_variable() {
        let long = "s".repeat(32);
        let short = "s".repeat(31);
        let refusal = |current: &str, previous| Signer::new(current, previous).unwrap_err();
        assert_eq!(refusal(" \n", None), NotConfigured::NoTokenSecret);
        assert_eq!(refusal(&short, None), NotConfigured::ShortTokenSecret { variable: "TOKEN_SECRET" });
        assert_eq!(refusal(&long, Some(&short)), NotConfigured::ShortTokenSecret { variable: "TOKEN_SECRET_PREVIOUS" });
    }

    #[test]
    fn each_project_has_a_secret_of_its_own() {
        let signer = Signer::new(&"s".repeat(32), None).unwrap();
        assert_ne!(signer.signing_secret("a"), signer.signing_secret("b"));
    }
}
