//! Tokens that are signed here, with the signing secret of the project and without the server.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use protocol::{
    Timestamp,
    id::JobId,
    limits::{CHANGE_TOKEN_SECONDS, READ_TOKEN_SECONDS},
};
use serde_json::{Value, json};
use sha2::Sha256;

/// The permission to read, with which alone a token can be valid for longer.
pub(crate) const READ: &str = "jobs:read";
/// The permissions that a token can have.
pub(crate) const PERMISSIONS: [&str; 3] = [READ, "jobs:write", "jobs:control"];

/// Seconds for which a token that only reads is valid if nothing else is asked for.
const DEFAULT_READ_SECONDS: u64 = 24 * 3600;
/// Seconds for which any other token is valid if nothing else is asked for.
const DEFAULT_CHANGE_SECONDS: u64 = 15 * 60;

/// Signs a token as section 8.2 of PROTOCOL.md specifies it: `{"token", "expiresAt"}`, the response of the server.
///
/// # Errors
///
/// The lifetime is longer than the server accepts; the sentence names the limit.
pub(crate) fn sign(
    secret: &str,
    project: &str,
    jobs: &[JobId],
    permissions: &[String],
    expires_in: Option<u64>,
    now: Timestamp,
) -> Result<Value, String> {
    let is_reader = permissions.iter().all(|permission| permission == READ);
    let (default, longest) = match is_reader {
        true => (DEFAULT_READ_SECONDS, READ_TOKEN_SECONDS),
        false => (DEFAULT_CHANGE_SECONDS, CHANGE_TOKEN_SECONDS),
    };
    let lifetime = expires_in.unwrap_or(default);
    if !(1..=longest).contains(&lifetime) {
        return Err(format!("a token with these permissions expires within 1 s to {} h", longest / 3600));
    }
    let now = now.seconds();
    let expires = now.saturating_add(lifetime);
    let jobs: Vec<&str> = jobs.iter().map(JobId::as_str).collect();
    let claims =
        json!({"aud": "job-progress", "prj": project, "jobs": jobs, "perm": permissions, "exp": expires, "iat": now});
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(json!({"alg": "HS256", "typ": "JWT"})), part(claims));
    let signed = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mac| mac.chain_update(&message).finalize());
    let signature = signed.map_err(|error| error.to_string())?.into_bytes();
    let expires_at = Timestamp::from_millis(expires.saturating_mul(1000)).to_string();
    Ok(json!({"token": format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)), "expiresAt": expires_at}))
}
