//! Deliveries signed by hand, as Standard Webhooks specifies.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::token::hmac_sha256;

/// The secret with which the deliveries of a project are verified.
pub fn secret(token_secret: &str, project: &str) -> String {
    let derived = hmac_sha256(token_secret.as_bytes(), &format!("job-progress/webhooks/v1/{project}"));
    format!("whsec_{}", STANDARD.encode(derived))
}

/// The `webhook-signature` of a delivery with this `webhook-id` and `webhook-timestamp`.
///
/// # Panics
///
/// When the secret is not `whsec_` and base64.
pub fn sign(secret: &str, id: &str, seconds: u64, body: &str) -> String {
    match secret.strip_prefix("whsec_").map(|key| STANDARD.decode(key)) {
        Some(Ok(key)) => format!("v1,{}", STANDARD.encode(hmac_sha256(&key, &format!("{id}.{seconds}.{body}")))),
        _ => panic!("this is not the secret of a webhook"),
    }
}
