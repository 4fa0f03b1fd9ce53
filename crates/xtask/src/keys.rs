//! API keys and signing secrets.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Letters and digits only: a key is picked with a double click and needs no quotes in a shell.
const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 43 of 62 characters: 256 bits.
const SECRET_LENGTH: usize = 43;

/// A key, whole. Only its line may be stored.
pub(crate) struct Key {
    /// `jp_<id>_<secret>`: what a server sends.
    pub(crate) text: String,
    /// `id project permissions sha256-base64url`: what the worker is told.
    pub(crate) line: String,
}

impl Key {
    /// Draws a new secret.
    pub(crate) fn draw(id: &str, project: &str, permissions: &str) -> Result<Self> {
        let text = format!("jp_{id}_{}", random_text(SECRET_LENGTH)?);
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&text));
        Ok(Self {
            line: format!("{id} {project} {permissions} {hash}"),
            text,
        })
    }
}

/// So many random letters and digits.
pub(crate) fn random_text(length: usize) -> Result<String> {
    let mut text = String::new();
    while text.len() < length {
        let mut byte = [0];
        getrandom::fill(&mut byte)
            .ok()
            .context("the system gives no random bytes")?;
        // Six bits at a time; the two values that name no letter are drawn again, so that all are equally likely.
        text.extend(
            ALPHABET
                .get(usize::from(byte[0] & 63))
                .copied()
                .map(char::from),
        );
    }
    Ok(text)
}
