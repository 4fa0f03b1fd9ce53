//! API keys and signing secrets: `cargo xtask key`.

use std::env;

use anyhow::{Context, Result, bail};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use lexopt::ValueExt;
use sha2::{Digest, Sha256};

/// All permissions that a key can have.
pub(crate) const PERMISSIONS: &[&str] = &["jobs:read", "jobs:write", "jobs:control", "jobs:admin"];

/// The context from which a project's signing secret is derived.
const SIGNING_CONTEXT: &str = "job-progress/v1/";

/// The context from which the secret of a project's webhooks is derived.
const WEBHOOK_CONTEXT: &str = "job-progress/webhooks/v1/";

/// Letters and digits only: a double click selects a whole key, and a shell needs no quotes round it.
const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 43 of 62 characters: 256 bits.
const SECRET_LENGTH: usize = 43;

/// A complete key. Only its line may be stored.
pub(crate) struct Key {
    /// `jp_<id>_<secret>`: the text that a server sends.
    pub(crate) text: String,
    /// `id project permissions sha256-base64url`: the line that the worker reads.
    pub(crate) line: String,
}

impl Key {
    /// Draws a key with a new secret.
    pub(crate) fn draw(id: &str, project: &str, permissions: &str) -> Result<Self> {
        let text = format!("jp_{id}_{}", random_text(SECRET_LENGTH)?);
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&text));
        Ok(Self { line: format!("{id} {project} {permissions} {hash}"), text })
    }
}

/// `length` random letters and digits.
pub(crate) fn random_text(length: usize) -> Result<String> {
    let mut text = String::new();
    while text.len() < length {
        let mut byte = [0];
        getrandom::fill(&mut byte).ok().context("the system gives no random bytes")?;
        // Six bits at a time. The two values without a letter are drawn again, so that all letters are equally likely.
        text.extend(ALPHABET.get(usize::from(byte[0] & 63)).copied().map(char::from));
    }
    Ok(text)
}

/// The secret with which a project's tokens are signed: base64url(HMAC-SHA256(TOKEN_SECRET, "job-progress/v1/" + P)).
pub(crate) fn signing_secret(token_secret: &str, project: &str) -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(derive(token_secret, SIGNING_CONTEXT, project)?))
}

/// The secret with which a project's webhooks are verified: `whsec_` and base64(HMAC-SHA256(TOKEN_SECRET,
/// "job-progress/webhooks/v1/" + P)).
pub(crate) fn webhook_secret(token_secret: &str, project: &str) -> Result<String> {
    Ok(format!("whsec_{}", STANDARD.encode(derive(token_secret, WEBHOOK_CONTEXT, project)?)))
}

fn derive(token_secret: &str, context: &str, project: &str) -> Result<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(token_secret.trim_ascii().as_bytes())?;
    mac.update(context.as_bytes());
    mac.update(project.as_bytes());
    Ok(mac.finalize().into_bytes().into())
}

/// `cargo xtask key new …`, `cargo xtask key secret …` and `cargo xtask key webhook …`
pub(crate) fn command(mut args: lexopt::Parser) -> Result<()> {
    let what = args.value().ok().and_then(|what| what.into_string().ok()).unwrap_or_default();
    let (mut project, mut permissions, mut id) = (None, None, None);
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("project") => project = Some(args.value()?.string()?),
            lexopt::Arg::Long("permissions") if what == "new" => permissions = Some(args.value()?.string()?),
            lexopt::Arg::Long("id") if what == "new" => id = Some(args.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let project = project.context("--project is missing")?;
    if !is_word(&project, 32, b"-") {
        bail!("--project must be 1 to 32 characters of a-z, 0-9 and -");
    }
    match what.as_str() {
        "new" => new(&project, &permissions.context("--permissions is missing")?, id),
        "secret" | "webhook" => {
            let token_secret = env::var("TOKEN_SECRET").context("TOKEN_SECRET is not in the environment")?;
            let secret = if what == "secret" { signing_secret } else { webhook_secret };
            println!("{}", secret(&token_secret, &project)?);
            Ok(())
        }
        _ => bail!("say `key new`, `key secret` or `key webhook`"),
    }
}

fn new(project: &str, permissions: &str, id: Option<String>) -> Result<()> {
    if let Some(unknown) = permissions.split(',').find(|name| !PERMISSIONS.contains(name)) {
        bail!("unknown permission `{unknown}`; allowed: {}", PERMISSIONS.join(", "));
    }
    let id = id.map_or_else(|| Ok(random_text(8)?.to_lowercase()), anyhow::Ok)?;
    if !is_word(&id, 32, b"") {
        bail!("--id must be 1 to 32 characters of a-z and 0-9");
    }
    let key = Key::draw(&id, project, permissions)?;
    println!("key:  {}", key.text);
    println!("line: {}", key.line);
    eprintln!(
        "This is the only time that the key is shown: give it to the server that reports. Add the line to the secret API_KEYS."
    );
    Ok(())
}

fn is_word(text: &str, longest: usize, others: &[u8]) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || others.contains(&byte);
    (1..=longest).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::{Key, random_text, signing_secret, webhook_secret};

    #[test]
    fn a_line_has_the_hash_and_not_the_key() {
        let key = Key::draw("ci", "acme", "jobs:read,jobs:write").unwrap();
        let secret = key.text.strip_prefix("jp_ci_").unwrap();
        assert!(key.line.starts_with("ci acme jobs:read,jobs:write "));
        assert_eq!(key.line.rsplit(' ').next().map(str::len), Some(43));
        assert!(!key.line.contains(secret));
    }

    #[test]
    fn a_random_text_has_letters_and_digits_and_is_never_repeated() {
        let text = random_text(43).unwrap();
        assert!(text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(text, random_text(43).unwrap());
    }

    #[test]
    fn a_signing_secret_is_the_one_that_openssl_computes() {
        // printf 'job-progress/v1/acme' | openssl dgst -sha256 -hmac 'correct horse' -binary | basenc --base64url
        assert_eq!(signing_secret("correct horse", "acme").unwrap(), "NZc0aPn6UVwluQ2loCSPxMcMTkCZdV_6OuGyZS0i7kQ");
    }

    #[test]
    fn a_webhook_secret_is_the_one_that_openssl_computes() {
        // printf 'job-progress/webhooks/v1/acme' | openssl dgst -sha256 -hmac '0123456789abcdef0123456789abcdef' -binary | base64
        let secret = webhook_secret(" 0123456789abcdef0123456789abcdef\n", "acme").unwrap();
        assert_eq!(secret, "whsec_qmt/1pPXvOPWdgExbfvTGaRCOp3489n6VlK2FTMvNKs=");
    }
}
