//! Tokens signed by hand: valid ones as any back end makes them, and invalid ones.

use std::time::SystemTime;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

/// Bytes as base64url without padding.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The secret that the tokens of a project are signed with.
pub fn signing_secret(token_secret: &str, project: &str) -> String {
    base64url(hmac_sha256(token_secret.as_bytes(), &format!("job-progress/v1/{project}")))
}

/// Seconds since 1970.
///
/// # Panics
///
/// When the clock of this machine is set to an earlier time.
pub fn now() -> u64 {
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_secs(),
        Err(error) => panic!("{error}"),
    }
}

/// The claims of a token that reads one job for ten minutes.
pub fn claims(project: &str, job: &str) -> Value {
    json!({"aud": "job-progress", "prj": project, "jobs": [job], "perm": ["jobs:read"], "exp": now() + 600})
}

/// The claims with one of them replaced, or removed with `None`.
#[must_use]
pub fn with(mut claims: Value, name: &str, value: Option<Value>) -> Value {
    if let Some(members) = claims.as_object_mut() {
        match value {
            Some(value) => members.insert(name.to_owned(), value),
            None => members.shift_remove(name),
        };
    }
    claims
}

/// A token with the header that the API expects: `HS256`, `JWT`.
pub fn sign(claims: &Value, secret: &str) -> String {
    sign_as(&json!({"alg": "HS256", "typ": "JWT"}), claims, secret)
}

/// A token with any header; it is signed with HMAC-SHA256 unless the algorithm in the header is `HS512`.
pub fn sign_as(header: &Value, claims: &Value, secret: &str) -> String {
    let message = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
    let signature = match header.get("alg").and_then(Value::as_str) {
        Some("HS512") => hmac_sha512(secret, &message),
        _ => hmac_sha256(secret.as_bytes(), &message),
    };
    format!("{message}.{}", base64url(signature))
}

/// The claims of a token, with or without its signature.
///
/// # Panics
///
/// When the text is not a token.
pub fn payload(token: &str) -> Value {
    let payload = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    match payload.and_then(|payload| serde_json::from_slice(&payload).ok()) {
        Some(claims) => claims,
        None => panic!("this is not a token: {token}"),
    }
}

/// The token with one bit of its signature, from 0 to 255, flipped.
///
/// # Panics
///
/// When the text is not a token or its signature has no such bit.
pub fn flipped(token: &str, bit: usize) -> String {
    let parts = token.rsplit_once('.').map(|(message, signature)| (message, URL_SAFE_NO_PAD.decode(signature)));
    let Some((message, Ok(mut signature))) = parts else { panic!("this is not a token: {token}") };
    match signature.get_mut(bit / 8) {
        Some(byte) => *byte ^= 1 << (bit % 8),
        None => panic!("a signature has no bit {bit}"),
    }
    format!("{message}.{}", base64url(signature))
}

/// HMAC-SHA256.
pub(crate) fn hmac_sha256(key: &[u8], message: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

fn hmac_sha512(key: &str, message: &str) -> Vec<u8> {
    Hmac::<Sha512>::new_from_slice(key.as_bytes())
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}
